// The node's side of the node channel, one message at a time, as docs/node-channel.md has it.

import { COUNTER_HEADER, HELLO_PATH, MAC_HEADER, SESSION_HEADER } from "../../src/bond/channel.js";
import { keyId, mac, newNonce, sameMac, sessionKeys } from "../../src/bond/keys.js";
import { http } from "./appliance.js";

type Addressed = { readonly address: string };

export interface NodeSession {
  readonly id: string;
  readonly keys: ReturnType<typeof sessionKeys>;
}

/** Says hello as the node with `key`. */
export async function hello(box: Addressed, key: string): Promise<NodeSession> {
  const nonce = newNonce();
  const reply = await http(box.address, "POST", HELLO_PATH, { body: { v: 1, node: keyId(key), nonce, more: true } });
  const { session, nonce: far, proof } = reply.json();
  const keys = sessionKeys(key, nonce, far);
  if (!sameMac(mac(keys.manager, HELLO_PATH, session, far), proof)) throw new Error("no proof");
  return { id: session, keys };
}

/** Sends one message with its proof. */
export const say = (
  box: Addressed,
  session: NodeSession,
  path: string,
  counter: number,
  body: string,
  key = session.keys.node,
) =>
  http(box.address, "POST", path, {
    body,
    headers: {
      [SESSION_HEADER]: session.id,
      [COUNTER_HEADER]: String(counter),
      [MAC_HEADER]: mac(key, path, String(counter), body),
    },
  });
