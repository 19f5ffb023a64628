// Who may change a switch: many changes at a time, or one reconciliation and nobody else. A reconciliation compares what
// is kept with what is there; a change between its look and its deed would be undone.

/** One switch's gate. */
interface Gate {
  /** Changes under way; -1: a reconciliation is. */
  inside: number;
  /** In the order in which they came; a reconciliation that waits lets no later change pass it. */
  readonly waiting: { readonly alone: boolean; enter(): void }[];
}

export class Gates {
  readonly #gates = new Map<string, Gate>();

  /** Resolves when a change may go to the switch; null: at once. `leave` must follow. */
  enter(dpid: string): Promise<void> | null {
    return this.#enter(dpid, false);
  }

  /** Resolves when nobody else changes the switch; null: at once. `leave` must follow. */
  enterAlone(dpid: string): Promise<void> | null {
    return this.#enter(dpid, true);
  }

  leave(dpid: string): void {
    const gate = this.#gates.get(dpid);
    if (!gate) throw new Error(`nobody has entered the gate of ${dpid}`);
    gate.inside = gate.inside < 0 ? 0 : gate.inside - 1;
    while (gate.waiting.length > 0 && this.#fits(gate, (gate.waiting[0] as { alone: boolean }).alone)) {
      const next = gate.waiting.shift();
      gate.inside = next?.alone ? -1 : gate.inside + 1;
      next?.enter();
    }
    if (gate.inside === 0 && gate.waiting.length === 0) this.#gates.delete(dpid);
  }

  #fits(gate: Gate, alone: boolean): boolean {
    return alone ? gate.inside === 0 : gate.inside >= 0;
  }

  #enter(dpid: string, alone: boolean): Promise<void> | null {
    let gate = this.#gates.get(dpid);
    if (!gate) {
      gate = { inside: 0, waiting: [] };
      this.#gates.set(dpid, gate);
    }
    if (gate.waiting.length === 0 && this.#fits(gate, alone)) {
      gate.inside = alone ? -1 : gate.inside + 1;
      return null;
    }
    const { waiting } = gate;
    return new Promise((enter) => waiting.push({ alone, enter }));
  }
}
