// Counts what a stream of BGP messages announces and withdraws (IPv4 unicast in its own fields): all that a sink does,
// so that it is never what a relay waits for.

const HEADER_BYTES = 19;
const UPDATE = 2;
const NOTIFICATION = 3;

export class PrefixCounter {
  announced = 0;
  withdrawn = 0;
  updates = 0;
  /** The code and subcode of a NOTIFICATION that came, "" when none did. */
  notified = "";
  /** The beginning of a message whose end has not come. */
  #rest = Buffer.alloc(0);

  /** Takes the next bytes of the stream; they are not kept beyond the call. */
  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (at + HEADER_BYTES <= bytes.length) {
      const end = at + (((bytes[at + 16] as number) << 8) | (bytes[at + 17] as number));
      if (end > bytes.length) break;
      const type = bytes[at + 18];
      if (type === UPDATE) this.#update(bytes, at + HEADER_BYTES, end);
      else if (type === NOTIFICATION) this.notified = `${bytes[at + 19]}/${bytes[at + 20]}`;
      at = end;
    }
    this.#rest = Buffer.from(bytes.subarray(at));
  }

  #update(bytes: Buffer, at: number, end: number): void {
    this.updates++;
    const withdrawnEnd = at + 2 + (((bytes[at] as number) << 8) | (bytes[at + 1] as number));
    const attributes = ((bytes[withdrawnEnd] as number) << 8) | (bytes[withdrawnEnd + 1] as number);
    for (let p = at + 2; p < withdrawnEnd; p += 1 + (((bytes[p] as number) + 7) >> 3)) this.withdrawn++;
    for (let p = withdrawnEnd + 2 + attributes; p < end; p += 1 + (((bytes[p] as number) + 7) >> 3)) this.announced++;
  }
}
