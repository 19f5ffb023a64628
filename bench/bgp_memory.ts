// What a process holds when it has the table: of one peer, and of ten that all have it.

import { BGP_PORT } from "../test/helpers/bgp_peers.js";
import { withScope } from "../test/helpers/scope.js";
import { until } from "../test/helpers/wait.js";
import { Loader } from "./bgp_loader.js";
import { addresses, heldBytes, megabytes, peakBytes } from "./bgp_net.js";
import { makeStream, type Stream } from "./bgp_stream.js";
import type { Options } from "./bgp_take_in.js";
import type { TargetRow } from "./bgp_target.js";
import { TARGETS } from "./bgp_targets.js";
import { table } from "./machine.js";

const PEERS = 10;

interface Held {
  readonly empty: number;
  readonly full: number;
  readonly peak: number;
}

/** A stream for each peer; all at once. */
function hold(row: TargetRow, streams: readonly Stream[]): Promise<Held> {
  return withScope(async (t) => {
    const { address, feeders } = addresses(streams.length);
    const target = await row.start(t, { address, feeders, sink: null });
    const loader = new Loader(t);
    for (const [i, { address: local, as }] of feeders.entries()) {
      loader.prepare(streams[i] as Stream);
      await loader.open(`feeder${i}`, { host: address, port: BGP_PORT, local, as });
    }
    const empty = heldBytes(target.pids);
    for (const [i, stream] of streams.entries()) await loader.feed(`feeder${i}`, stream);
    for (const [i, stream] of streams.entries()) {
      await until(() => target.has(feeders[i] as (typeof feeders)[0], stream), {
        what: `${row.name} to have the table of peer ${i + 1}`,
        timeoutMs: row.timeoutMs * streams.length,
        everyMs: 100,
      });
    }
    return { empty, full: heldBytes(target.pids), peak: peakBytes(target.pids) };
  });
}

/** One peer, ten with the same bytes, ten with attributes of their own. FRR with ten peers only with `--all`. */
export async function memory(stream: Stream, options: Options): Promise<void> {
  console.log("\n## memory of the whole process");
  const own = Array.from({ length: PEERS }, (_, i) => makeStream(stream.prefixes, { nextHop: [192, 0, 2, 10 + i] }));
  const cases: readonly (readonly [string, readonly Stream[]])[] = [
    ["1 peer", [stream]],
    [`${PEERS} peers, the same UPDATEs`, Array.from({ length: PEERS }, () => stream)],
    [`${PEERS} peers, a next hop each`, own],
  ];
  const rows: (string | number)[][] = [];
  for (const [what, streams] of cases) {
    const slow = new Set(["FRR", "OpenBGPD", "GoBGP"]);
    for (const row of TARGETS) {
      if (!row.installed() || row.prefixesMax < stream.prefixes) continue;
      if (slow.has(row.name) && streams.length > 1 && !options.all) continue;
      try {
        const { empty, full, peak } = await hold(row, streams);
        const each = (full - empty) / (stream.prefixes * streams.length);
        rows.push([what, row.name, megabytes(empty), megabytes(full), megabytes(peak), each.toFixed(1)]);
      } catch (error) {
        rows.push([what, row.name, (error as Error).message.split("\n")[0] as string, "", "", ""]);
      }
    }
  }
  console.log(table(["", "", "empty MB", "full MB", "peak MB", "B a route"], rows));
}
