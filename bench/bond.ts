// The bonded tunnel on one machine that carries both ends, client and server: how fast it can go over two lines without
// a limit, beside the bare line; and how much of two unequal lines one TCP flow gets.

import { withScope } from "../test/helpers/scope.js";
import { makeTunnel, type Tunnel, type TunnelOptions } from "../test/helpers/tunnel.js";
import { until } from "../test/helpers/wait.js";
import { cpuSeconds, table } from "./machine.js";

/** The aggregator on the first line. */
const LINE_ADDRESS = "192.0.2.2";
/** 64-byte datagrams, more than a tunnel carries; without a limit iperf3 starves its own control connection. */
const SMALL = ["-u", "-b", "120M", "-l", "64"];

interface Flow {
  readonly gbps: number;
  /** CPU seconds of both data planes per gigabyte carried. */
  readonly cpu: number;
}

interface IperfSum {
  readonly bits_per_second: number;
  readonly bytes: number;
  readonly packets?: number;
  readonly lost_packets?: number;
}

/** Runs `use` with a tunnel that is gone afterwards. */
function withTunnel<T>(options: TunnelOptions, use: (tunnel: Tunnel) => Promise<T>): Promise<T> {
  return withScope(async (scope) => {
    const tunnel = await makeTunnel(scope, options);
    await tunnel.legs(...options.lines.map(() => "up"));
    tunnel.aggregator.netns.start("iperf3", ["-s"]);
    const listening = () => tunnel.aggregator.netns.run("ss", ["-Hltn", "sport = 5201"]);
    await until(async () => (await listening()).stdout.trim() !== "", { what: "iperf3 to listen" });
    return use(tunnel);
  });
}

async function iperf(tunnel: Tunnel, address: string, seconds: number, args: readonly string[]) {
  const options = ["-c", address, "-J", "-t", String(seconds), ...args];
  const text = await tunnel.bonder.netns.must("iperf3", options, { timeoutMs: (seconds + 20) * 1000 });
  const { end } = JSON.parse(text) as { end: { sum?: IperfSum; sum_received: IperfSum } };
  return end;
}

async function tcp(tunnel: Tunnel, address: string, seconds: number, ...args: string[]): Promise<Flow> {
  const used = () => cpuSeconds(tunnel.bonder.process.pid) + cpuSeconds(tunnel.aggregator.process.pid);
  const before = used();
  const { sum_received } = await iperf(tunnel, address, seconds, args);
  return { gbps: sum_received.bits_per_second / 1e9, cpu: (used() - before) / (sum_received.bytes / 1e9) };
}

/** Thousands of 64-byte datagrams a second that arrived. */
async function smallPackets(tunnel: Tunnel, address: string, seconds: number): Promise<number> {
  const { sum } = await iperf(tunnel, address, seconds, SMALL);
  return ((sum?.packets ?? 0) - (sum?.lost_packets ?? 0)) / seconds / 1000;
}

async function speed(seconds: number): Promise<void> {
  const lines = [
    { upMbps: 0, downMbps: 0 },
    { upMbps: 0, downMbps: 0 },
  ];
  await withTunnel({ lines }, async (tunnel) => {
    const inside = tunnel.aggregatorIp;
    const rows: [string, string, string, string][] = [];
    const bare = await tcp(tunnel, LINE_ADDRESS, seconds);
    for (const [name, args] of [
      ["TCP, one flow up", []],
      ["TCP, one flow down", ["-R"]],
      ["TCP, four flows up", ["-P", "4"]],
    ] as const) {
      const flow = await tcp(tunnel, inside, seconds, ...args);
      const ratio = `${((flow.gbps / bare.gbps) * 100).toFixed(1)} %`;
      rows.push([name, `${flow.gbps.toFixed(2)} Gbit/s`, `${flow.cpu.toFixed(1)} CPU s/GB`, ratio]);
    }
    const bareSmall = await smallPackets(tunnel, LINE_ADDRESS, seconds);
    const small = await smallPackets(tunnel, inside, seconds);
    rows.push(["UDP, 64 bytes", `${small.toFixed(0)} kpps`, "", `${((small / bareSmall) * 100).toFixed(1)} %`]);
    rows.push(["bare line", `${bare.gbps.toFixed(2)} Gbit/s`, `${bareSmall.toFixed(0)} kpps`, "100 %"]);
    console.log(table(["two lines without limit", "", "", "of the bare line"], rows));
    console.log(`paths: ${JSON.stringify(tunnel.status("bonder")?.paths)}`);
  });
}

async function shaped(seconds: number): Promise<void> {
  const lines = [
    { upMbps: 50, downMbps: 50 },
    { upMbps: 20, downMbps: 20 },
  ];
  await withTunnel({ lines }, async (tunnel) => {
    const rows: [string, string, string][] = [];
    for (const [name, args] of [
      ["TCP, cubic, up", ["-C", "cubic"]],
      ["TCP, cubic, down", ["-C", "cubic", "-R"]],
      ["TCP, bbr, down", ["-C", "bbr", "-R"]],
    ] as const) {
      const flow = tunnel.iperf(seconds, ...args);
      const [{ mbps }, ping] = await Promise.all([flow, tunnel.ping("bonder", seconds * 8, 100)]);
      const share = `${((mbps / 70) * 100).toFixed(0)} %`;
      rows.push([name, `${mbps.toFixed(1)} Mbit/s, ${share}`, `ping ${ping.rttMs.toFixed(1)} ms meanwhile`]);
    }
    console.log(table(["one flow over lines of 50 and 20 Mbit/s", "", ""], rows));
  });
}

/** `bond [SECONDS]`: seconds of each measurement, default 5. */
export async function run(args: string[]): Promise<void> {
  const seconds = Number(args[0] ?? 5);
  await speed(seconds);
  console.log("");
  await shaped(seconds);
}
