import { killRounds } from "../../helpers/store_kill.js";
import { tmpDir } from "../../helpers/tmp.js";
import type { Soak } from "../registry.js";

const soak: Soak = {
  name: "store",
  what: "kill -9 of a writing store; AMOUNT is the number of rounds (200)",
  async run(t, rounds = 200) {
    const report = await killRounds(t, tmpDir(t, "soak"), rounds);
    if (report.lost.length > 0) throw new Error(`acknowledged and lost: ${report.lost.slice(0, 20).join(" ")}`);
    if (report.torn.length > 0) throw new Error(`half written: ${report.torn.slice(0, 20).join(" ")}`);
    return `${rounds} kills, ${report.acknowledged} acknowledged writes, none lost, none torn`;
  },
};

export default soak;
