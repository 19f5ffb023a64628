// Loopback addresses of this run, and what a process has used.

import { readFileSync } from "node:fs";
import type { Neighbor } from "./bgp_target.js";
import { cpuSeconds } from "./machine.js";

const NET = `127.${64 + (process.pid % 128)}.${(process.pid >> 7) % 256}`;

/** Each start of a target takes the next address, so that none meets what the last has left. */
let next = 1;

/** Addresses of one run of a target: its own, of feeders and of a sink. */
export function addresses(feeders = 1): { address: string; feeders: Neighbor[]; sink: Neighbor } {
  const take = () => `${NET}.${1 + (next++ % 250)}`;
  return {
    address: take(),
    feeders: Array.from({ length: feeders }, () => ({ address: take(), as: 65_001 })),
    sink: { address: take(), as: 65_003 },
  };
}

/** CPU seconds of some processes, all threads. */
export const cpuOf = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);

function status(pid: number, field: string): number {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(match?.[1] ?? 0) * 1024;
}

const sum = (pids: readonly number[], field: string) => pids.reduce((total, pid) => total + status(pid, field), 0);

/** The most memory that some processes have held so far, in bytes. */
export const peakBytes = (pids: readonly number[]): number => sum(pids, "VmHWM");

/** The memory that they hold now. */
export const heldBytes = (pids: readonly number[]): number => sum(pids, "VmRSS");

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

export const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
