// `npm run soak [-- NAME [AMOUNT]]`: long runs, all of them or one.

import { withScope } from "../helpers/scope.js";
import { loadSoaks } from "./registry.js";

const [wanted = "all", amount] = process.argv.slice(2);
const soaks = (await loadSoaks()).filter(({ name }) => wanted === "all" || name === wanted);
if (soaks.length === 0) {
  console.error(`no soak ${wanted}; there are: ${(await loadSoaks()).map(({ name }) => name).join(", ")}`);
  process.exitCode = 2;
}
for (const soak of soaks) {
  console.log(`${soak.name}: ${soak.what}`);
  const since = Date.now();
  try {
    const figures = await withScope((t) => soak.run(t, amount === undefined ? undefined : Number(amount)));
    console.log(`ok  ${soak.name}: ${figures}, ${((Date.now() - since) / 1_000).toFixed(0)} s`);
  } catch (error) {
    console.log(`not ok  ${soak.name}: ${error instanceof Error ? error.stack : error}`);
    process.exitCode = 1;
  }
}
