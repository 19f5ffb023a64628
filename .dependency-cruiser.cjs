// The floors of the house (ARCHITECTURE.md): a room imports only from floors below it. test/floors.test.ts runs this.

/** Rooms of each floor, lowest first. */
const FLOORS = [
  ["base"],
  ["wasm"],
  ["workers", "store", "system"],
  ["accounts", "bgp", "openflow", "bond"],
  ["http"],
  ["api", "cli"],
];

const room = (name) => `^src/${name}/`;
const rules = [];

FLOORS.forEach((rooms, floor) => {
  const above = FLOORS.slice(floor + 1).flat();
  for (const name of rooms) {
    const siblings = rooms.filter((other) => other !== name);
    rules.push({
      name: `${name}-looks-down-only`,
      comment: `src/${name}/ may import only from floors below it`,
      severity: "error",
      from: { path: room(name) },
      to: { path: [...above.map(room), "^src/[^/]+\\.ts$", "^(test|bench)/"] },
    });
    // Room workers/ starts the pools; the code that a worker thread runs lives with its domain.
    if (siblings.length > 0) {
      rules.push({
        name: `${name}-knows-no-sibling`,
        comment: `src/${name}/ may not import another room of its floor: they meet in src/serve.ts`,
        severity: "error",
        from: { path: room(name) },
        to: { path: siblings.map(room) },
      });
    }
  }
});

module.exports = {
  forbidden: [
    ...rules,
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    {
      name: "numbers-only-from-assembly",
      comment: "src/ shares integers with assembly/, nothing else",
      severity: "error",
      from: { path: "^(src|test|bench)/" },
      to: { path: "^assembly/", pathNot: "^assembly/[^/]+/[a-z_]*layout\\.ts$" },
    },
    {
      name: "pointers-stay-in-wasm",
      comment: "only src/wasm/ knows record layouts; others use its typed views",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/wasm/" },
      to: { path: "^assembly/" },
    },
    {
      name: "one-importer-of-uwebsockets",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/http/server\\.ts$" },
      to: { path: "uWebSockets" },
    },
    {
      name: "no-unreachable-dependency",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
  },
};
