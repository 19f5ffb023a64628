// Regular expressions to deterministic automata: Thompson's construction, then sets of its nodes. What a path costs is
// then one step a character, whatever the expression is.

import { LIMITS } from "../../base/limits.js";
import type { Automaton, AutomatonState } from "../../wasm/bgp_policy_types.js";
import { type Expression, ExpressionError, parseExpression } from "./expression.js";

const SYMBOLS = 16;

/** `out`: the nodes that follow; with "symbol" after one of the set's symbols, else at once. */
interface Node {
  readonly type: "symbol" | "start" | "end" | "free" | "match";
  readonly set: number;
  readonly out: number[];
}

const tooMany = () => new ExpressionError(`it takes more than ${LIMITS.bgpPolicyStates} states`);

class Nodes {
  readonly all: Node[] = [];

  add(type: Node["type"], out: number[], set = 0): number {
    if (this.all.length >= LIMITS.bgpPolicyStates) throw tooMany();
    return this.all.push({ type, set, out }) - 1;
  }

  /** Nodes that match the expression and go on at `after`; returns where they begin. */
  build(expression: Expression, after: number): number {
    switch (expression.type) {
      case "symbol":
        return this.add("symbol", [after], expression.set);
      case "start":
      case "end":
        return this.add(expression.type, [after]);
      case "sequence":
        return expression.parts.reduceRight((next, part) => this.build(part, next), after);
      case "choice":
        return this.add(
          "free",
          expression.parts.map((part) => this.build(part, after)),
        );
      case "repeat":
        return this.#repeat(expression.part, expression.least, expression.most, after);
    }
  }

  #repeat(part: Expression, least: number, most: number, after: number): number {
    let next = after;
    if (most === Number.POSITIVE_INFINITY) {
      const loop = this.add("free", [after]);
      (this.all[loop] as Node).out.push(this.build(part, loop));
      next = loop;
    } else {
      for (let times = least; times < most; times++) next = this.add("free", [after, this.build(part, next)]);
    }
    for (let times = 0; times < least; times++) next = this.build(part, next);
    return next;
  }

  /** All nodes that are reached from some without a symbol, in order. */
  closure(from: readonly number[], at: { start: boolean; end: boolean }): number[] {
    const seen = new Set<number>();
    const waiting = [...from];
    while (waiting.length > 0) {
      const index = waiting.pop() as number;
      if (seen.has(index)) continue;
      seen.add(index);
      const { type, out } = this.all[index] as Node;
      if (type === "free" || (type === "start" && at.start) || (type === "end" && at.end)) waiting.push(...out);
    }
    return [...seen].sort((a, b) => a - b);
  }

  matches(set: readonly number[]): boolean {
    return set.some((index) => this.all[index]?.type === "match");
  }
}

/** A state that leads nowhere but to itself, and does not match. */
function isDead(state: Omit<AutomatonState, "dead">, index: number): boolean {
  return !state.match && !state.matchAtEnd && state.next.every((next) => next === index);
}

/** The automaton of a regular expression. Throws ExpressionError when it is none or needs too many states. */
export function compileExpression(text: string): Automaton {
  const nodes = new Nodes();
  const first = nodes.build(parseExpression(text), nodes.add("match", []));
  const states: Omit<AutomatonState, "dead">[] = [];
  const indexOf = new Map<string, number>();
  const sets: number[][] = [];
  const stateOf = (set: number[], start: boolean): number => {
    // The first state is its own: only there the start has not passed.
    const key = `${start ? "^" : ""}${set.join(",")}`;
    const known = indexOf.get(key);
    if (known !== undefined) return known;
    if (sets.length >= LIMITS.bgpPolicyStates) throw tooMany();
    indexOf.set(key, sets.length);
    return sets.push(set) - 1;
  };
  stateOf(nodes.closure([first], { start: true, end: false }), true);
  for (let index = 0; index < sets.length; index++) {
    const set = sets[index] as number[];
    const match = nodes.matches(set);
    const matchAtEnd = nodes.matches(nodes.closure(set, { start: index === 0, end: true }));
    const next = Array.from({ length: SYMBOLS }, (_, symbol) => {
      if (match) return index;
      const moved = set.flatMap((node) => {
        const { type, set: symbols, out } = nodes.all[node] as Node;
        return type === "symbol" && (symbols & (1 << symbol)) !== 0 ? out : [];
      });
      // A match may begin at any character.
      return stateOf(nodes.closure([...moved, first], { start: false, end: false }), false);
    });
    states.push({ match, matchAtEnd, next });
  }
  return { states: states.map((state, index) => ({ ...state, dead: isDead(state, index) })) };
}
