// Tells systemd how the service stands (sd_notify(3)). Nothing happens when systemd does not ask for it.

import koffi from "koffi";

let send: ((unset: number, state: string) => number) | null | undefined;

/** `READY=1`, `STOPPING=1`, … Without NOTIFY_SOCKET or libsystemd this does nothing. */
export function notifySystemd(state: string): void {
  if (!process.env["NOTIFY_SOCKET"]) return;
  if (send === undefined) {
    try {
      send = koffi.load("libsystemd.so.0").func("int sd_notify(int unset_environment, const char *state)");
    } catch {
      send = null;
    }
  }
  send?.(0, state);
}
