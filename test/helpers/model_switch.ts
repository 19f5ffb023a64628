// A switch as plain objects, by the letter of the specification: what flow, group and meter changes make of its tables
// (§6.4, §6.5, §5.7). It is called as the OpenFlow worker is, reads the head of each FLOW_MOD from the wire, and its match as
// JSON, so that it shares nothing with the code that keeps desired state.

import { printFlow, writeFlow } from "../../src/api/openflow/flow_view.js";
import { groupView, meterView } from "../../src/api/openflow/group_view.js";
import { AppError } from "../../src/base/errors.js";
import { CODEC_TABLES } from "../../src/openflow/actions.js";
import type { Group } from "../../src/openflow/groups.js";
import type { Meter } from "../../src/openflow/meters.js";
import type { WorkerCalls } from "../../src/openflow/reconcile_progress.js";
import { OpenFlowCodec } from "../../src/wasm/openflow.js";
import { RecordReader, RecordWriter } from "../../src/wasm/openflow_records.js";

const codec = new OpenFlowCodec(CODEC_TABLES);
const ANY = 0xffffffff;
const ADD = 0;
const MODIFY = 1;
const DELETE = 3;

// biome-ignore lint/suspicious/noExplicitAny: a flow's JSON as REST prints it
type Json = any;

interface Command {
  readonly command: number;
  readonly cookie: bigint;
  readonly cookieMask: bigint;
  readonly outPort: number;
  readonly outGroup: number;
  readonly flow: Json;
}

/** `10.1.0.0` as a number; other values as they are. */
function number(value: unknown, all: bigint): bigint {
  if (value === undefined) return all;
  const text = String(value);
  return text.includes(".") ? text.split(".").reduce((sum, byte) => sum * 256n + BigInt(byte), 0n) : BigInt(text);
}

function fields(flow: Json): Map<string, { value: bigint; mask: bigint }> {
  return new Map(
    flow.match.map(({ mask, ...field }: Json) => {
      const [[name, value]] = Object.entries(field) as [[string, unknown]];
      const known = name === "eth_type" ? 0x800n : number(value, 0n);
      return [name, { value: known, mask: number(mask, 0xffffffffn) }];
    }),
  );
}

function covers(query: Json, flow: Json): boolean {
  const own = fields(flow);
  return [...fields(query)].every(([name, { value, mask }]) => {
    const field = own.get(name);
    return field !== undefined && (field.mask & mask) === mask && (field.value & mask) === (value & mask);
  });
}

function actions(flow: Json): Json[] {
  return flow.instructions.flatMap((each: Json) => each.apply_actions ?? each.write_actions ?? []);
}

function usesGroup(flow: Json, id: number): boolean {
  return actions(flow).some(({ group }) => group === id);
}

function usesMeter(flow: Json, id: number): boolean {
  return flow.instructions.some(({ meter }: Json) => meter === id);
}

export class ModelSwitch implements WorkerCalls {
  version(): number {
    return 4;
  }

  readonly table = new Map<string, Json>();
  readonly groups = new Map<number, Group>();
  readonly meters = new Map<number, Meter>();

  /** Everything but flows that end by themselves, in an order of its own. */
  state(): { meters: Json[]; groups: Json[]; flows: Json[] } {
    const byId = <T extends { readonly id: number }>(things: Map<number, T>): T[] =>
      [...things.values()].sort((a, b) => a.id - b.id);
    return {
      meters: byId(this.meters).map(meterView),
      groups: byId(this.groups).map(groupView),
      flows: [...this.table]
        .filter(([, flow]) => flow.hard_timeout === 0)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, flow]) => flow),
    };
  }

  // The worker's calls, by name; only those that desired state makes.
  async call(method: string, params: Json): Promise<Json> {
    switch (method) {
      case "changeFlows":
        return this.#changeFlows(params.records, params.existing);
      case "groups":
        return [...this.groups.values()];
      case "meters":
        return [...this.meters.values()];
      case "changeGroup":
        return this.#refuse(this.#change(this.groups, params.command, params.group, usesGroup));
      case "changeMeter":
        return this.#refuse(this.#change(this.meters, params.command, params.meter, usesMeter));
      case "sendGroups":
        return this.#send(this.groups, params.changes, usesGroup);
      case "sendMeters":
        return this.#send(this.meters, params.changes, usesMeter);
      default:
        throw new Error(`no method ${method}`);
    }
  }

  async flows(): Promise<Uint8Array[]> {
    return [this.#records()];
  }

  #refuse(text: string | null): void {
    if (text !== null) throw new AppError("OPENFLOW_REFUSED", { text });
  }

  #send<T extends { readonly id: number }>(
    things: Map<number, T>,
    changes: { command: number; thing: T }[],
    uses: (flow: Json, id: number) => boolean,
  ): Json {
    return {
      failures: changes.flatMap(({ command, thing }, index) => {
        const text = this.#change(things, command, thing, uses);
        return text === null ? [] : [{ index, text }];
      }),
    };
  }

  /** Null, or why not. */
  #change<T extends { readonly id: number }>(
    things: Map<number, T>,
    command: number,
    thing: T,
    uses: (flow: Json, id: number) => boolean,
  ): string | null {
    if (things.has(thing.id) === (command === ADD)) return command === ADD ? "EXISTS" : "UNKNOWN";
    if (command === 2) {
      things.delete(thing.id);
      for (const [key, flow] of this.table) if (uses(flow, thing.id)) this.table.delete(key);
    } else things.set(thing.id, thing);
    return null;
  }

  #records(): Uint8Array {
    const writer = new RecordWriter();
    for (const flow of this.table.values()) writeFlow(writer, flow, "POST");
    return writer.take();
  }

  #changeFlows(records: Uint8Array, existing: boolean): Json {
    const failures: { index: number; text: string }[] = [];
    const missing: number[] = [];
    for (const [index, command] of [...this.#read(records)].entries()) {
      if (existing && this.#meant(command).length === 0) missing.push(index);
      else if (!this.#apply(command)) failures.push({ index, text: "BAD_OUT_GROUP" });
    }
    return { failures, missing };
  }

  *#read(records: Uint8Array): Generator<Command> {
    const wire = Buffer.from(codec.packFlowMods(records, 1));
    const reader = new RecordReader(records);
    for (let at = 0; reader.next(); at += wire.readUInt16BE(at + 2)) {
      yield {
        command: wire[at + 25] as number,
        cookie: wire.readBigUInt64BE(at + 8),
        cookieMask: wire.readBigUInt64BE(at + 16),
        outPort: wire.readUInt32BE(at + 36),
        outGroup: wire.readUInt32BE(at + 40),
        flow: JSON.parse(printFlow(reader)),
      };
    }
  }

  #key({ table_id, priority, match }: Json): string {
    return JSON.stringify([table_id, priority, match]);
  }

  /** The flows that a MODIFY or DELETE is about. */
  #meant({ command, cookie, cookieMask, outPort, outGroup, flow }: Command): string[] {
    const strict = command !== MODIFY && command !== DELETE;
    return [...this.table]
      .filter(([, own]) => {
        if (flow.table_id !== 255 && own.table_id !== flow.table_id) return false;
        if (strict && (own.priority !== flow.priority || !covers(own, flow))) return false;
        if (!covers(flow, own) || (BigInt(own.cookie) & cookieMask) !== (cookie & cookieMask)) return false;
        if (command < DELETE) return true;
        const to = (port: unknown): boolean => actions(own).some(({ output }) => output === port);
        return (outPort === ANY || to(outPort)) && (outGroup === ANY || usesGroup(own, outGroup));
      })
      .map(([key]) => key);
  }

  #apply(command: Command): boolean {
    const { flow } = command;
    if (command.command < DELETE) {
      const groups = actions(flow).every(({ group }) => group === undefined || this.groups.has(group));
      const meters = flow.instructions.every(({ meter }: Json) => meter === undefined || this.meters.has(meter));
      if (!groups || !meters) return false;
    }
    if (command.command === ADD) {
      // How a flow is to be added is not part of it.
      const flags = flow.flow_mod_flags.filter((flag: string) => flag !== "reset_counts" && flag !== "check_overlap");
      this.table.set(this.#key(flow), { ...flow, flow_mod_flags: flags });
    } else {
      for (const key of this.#meant(command)) {
        if (command.command >= DELETE) this.table.delete(key);
        else this.table.set(key, { ...this.table.get(key), instructions: flow.instructions });
      }
    }
    return true;
  }
}
