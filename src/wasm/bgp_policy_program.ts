// Policies to programs: what assembly/bgp/policy.ts runs. assembly/bgp/policy_layout.ts has the form.

import * as attributes from "../../assembly/bgp/layout.js";
import * as n from "../../assembly/bgp/policy_layout.js";
import { asSet, automatonTable, ProgramBytes, patternTable, prefixTable } from "./bgp_policy_tables.js";
import type { Condition, Edit, PathTest, PolicyRule, PolicySource, PrefixRange } from "./bgp_policy_types.js";

/** The symbols of a path's text after the ten digits, for automata. */
export const SYMBOL = {
  " ": n.SYMBOL_SPACE,
  ",": n.SYMBOL_COMMA,
  "{": n.SYMBOL_SET,
  "}": n.SYMBOL_SET_END,
  "(": n.SYMBOL_CONFED,
  ")": n.SYMBOL_CONFED_END,
} as const;

const CODES: Record<Edit["attribute"], number> = {
  origin: attributes.ATTR_ORIGIN,
  as_path: attributes.ATTR_AS_PATH,
  next_hop: attributes.ATTR_NEXT_HOP,
  med: attributes.ATTR_MED,
  local_pref: attributes.ATTR_LOCAL_PREF,
  communities: attributes.ATTR_COMMUNITY,
  extended_communities: attributes.ATTR_EXT_COMMUNITY,
  large_communities: attributes.ATTR_LARGE_COMMUNITY,
};

const ACTIONS = { accept: n.ACTION_ACCEPT, reject: n.ACTION_REJECT, continue: n.ACTION_CONTINUE } as const;

const OPS = {
  prefix: n.COND_PREFIX,
  next_hop: n.COND_NEXT_HOP,
  family: n.COND_FAMILY,
  origin: n.COND_ORIGIN,
  validation: n.COND_VALIDATION,
  med: n.COND_MED,
  local_pref: n.COND_LOCAL_PREF,
  path: n.COND_PATH,
  any: n.COND_ANY,
  all: n.COND_ALL,
  not: n.COND_NOT,
} as const;

const bits = (values: readonly number[]) => values.reduce((all, value) => all | (1 << value), 0);

/** Puts nodes into a list: each gets the offset of the one after it. Returns the first, 0 when there is none. */
function chain(program: ProgramBytes, nodes: readonly number[], next: number): number {
  nodes.forEach((node, i) => {
    program.word(node + next, nodes[i + 1] ?? 0);
  });
  return nodes[0] ?? 0;
}

function pathTest(program: ProgramBytes, test: PathTest): number {
  const words: number[] = [];
  words[n.PATH_NEXT / 4] = 0;
  words[n.PATH_CONTAINS / 4] = asSet(program, test.contains);
  words[n.PATH_ORIGIN / 4] = asSet(program, test.origin);
  words[n.PATH_NEIGHBOR / 4] = asSet(program, test.neighbor);
  words[n.PATH_LEAST / 4] = test.least ?? 0;
  words[n.PATH_MOST / 4] = test.most ?? 0xffffffff;
  words[n.PATH_AUTOMATON / 4] = test.automaton ? automatonTable(program, test.automaton) : 0;
  return program.words(words);
}

function prefixTables(program: ProgramBytes, ranges: readonly PrefixRange[]): [number, number] {
  const of = (width: number) =>
    prefixTable(
      program,
      ranges.filter(({ bytes }) => bytes.length === width),
    );
  return [of(4), of(16)];
}

/** A condition's two arguments. */
function argumentsOf(program: ProgramBytes, condition: Condition): [number, number] {
  switch (condition.kind) {
    case "prefix":
    case "next_hop":
      return prefixTables(program, condition.ranges);
    case "family":
    case "origin":
    case "validation":
      return [bits(condition.values), 0];
    case "med":
    case "local_pref":
      return [condition.least, condition.most];
    case "path": {
      const tests = condition.tests.map((test) => pathTest(program, test));
      return [chain(program, tests, n.PATH_NEXT), 0];
    }
    case "any":
    case "all":
      return [patternTable(program, condition.patterns), CODES[condition.attribute]];
    case "not":
      return [conditionList(program, condition.conditions), 0];
  }
}

function conditionList(program: ProgramBytes, conditions: readonly Condition[]): number {
  const nodes = conditions.map((condition) => {
    const [a, b] = argumentsOf(program, condition);
    return program.words([OPS[condition.kind], 0, a, b]);
  });
  return chain(program, nodes, n.COND_NEXT);
}

/** Bytes of their own with their count before them. */
function counted(program: ProgramBytes, bytes: Uint8Array): number {
  const at = program.room(4 + bytes.length);
  program.word(at, bytes.length);
  program.copy(at + 4, bytes);
  return at;
}

function addressOf(program: ProgramBytes, bytes: Uint8Array): number {
  const at = program.room(bytes.length);
  program.copy(at, bytes);
  return at;
}

/** An edit's operation and two arguments. */
function editWords(program: ProgramBytes, edit: Edit): [number, number, number] {
  switch (edit.attribute) {
    case "origin":
      return [n.EDIT_SET, edit.value, 0];
    case "med":
    case "local_pref":
      if (edit.op === "remove") return [n.EDIT_REMOVE, 0, 0];
      return [{ set: n.EDIT_SET, add: n.EDIT_ADD, subtract: n.EDIT_SUBTRACT }[edit.op], edit.value, 0];
    case "next_hop":
      if (edit.hop === "self") return [n.EDIT_HOP, n.HOP_SELF, 0];
      if (edit.hop === "peer") return [n.EDIT_HOP, n.HOP_PEER, 0];
      return [n.EDIT_HOP, edit.hop.length === 4 ? n.HOP_IPV4 : n.HOP_IPV6, addressOf(program, edit.hop)];
    case "as_path": {
      const pairs = edit.prepend.flatMap(({ as, times }) => [as, times]);
      return [n.EDIT_PREPEND, program.words([edit.prepend.length, ...pairs]), 0];
    }
    default: {
      const some = edit.remove === "all" ? n.EDIT_ALL : 0;
      const remove = edit.remove === "all" || edit.remove.length === 0 ? some : patternTable(program, edit.remove);
      return [n.EDIT_LIST, remove, edit.add.length === 0 ? 0 : counted(program, edit.add)];
    }
  }
}

function editList(program: ProgramBytes, edits: readonly Edit[]): number {
  const ordered = [...edits].sort((a, b) => CODES[a.attribute] - CODES[b.attribute]);
  const nodes = ordered.map((edit) => program.words([CODES[edit.attribute], 0, ...editWords(program, edit)]));
  return chain(program, nodes, n.EDIT_NEXT);
}

/** What an edit sets that must not be replaced on the way to a peer. */
function keepsOf(edit: Edit): number {
  if (edit.attribute === "next_hop") return n.ROUTE_KEEP_NEXT_HOP;
  return edit.attribute === "med" && edit.op !== "remove" ? n.ROUTE_KEEP_MED : 0;
}

function ruleNode(program: ProgramBytes, rule: PolicyRule): number {
  const conditions = conditionList(program, rule.conditions);
  const edits = rule.action === "reject" ? 0 : editList(program, rule.edits);
  const keeps = edits === 0 ? 0 : rule.edits.reduce((all, edit) => all | keepsOf(edit), 0);
  return program.words([0, ACTIONS[rule.action], edits, conditions, 0, keeps]);
}

/** The program of a policy: its bytes may go to other threads and be loaded any number of times. */
export function encodeProgram(source: PolicySource): Uint8Array {
  const program = new ProgramBytes();
  program.room(n.PROGRAM_BYTES);
  const rules = source.rules.map((rule) => ruleNode(program, rule));
  program.word(n.PROGRAM_VERSION, n.PROGRAM_FORMAT);
  program.word(n.PROGRAM_DEFAULT, ACTIONS[source.fallback]);
  program.word(n.PROGRAM_FIRST, chain(program, rules, n.RULE_NEXT));
  program.word(n.PROGRAM_RULES, rules.length);
  program.word(n.PROGRAM_SIZE, program.room(0));
  return program.finish();
}
