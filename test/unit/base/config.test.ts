import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { loadConfig } from "../../../src/config.js";
import { tmpDir } from "../../helpers/tmp.js";

const dir = tmpDir(t, "config");
let files = 0;
function toml(text: string): string {
  const file = join(dir, `${files++}.toml`);
  writeFileSync(file, text);
  return file;
}
const load = (text: string, flags = {}, env = {}) => loadConfig({ config: toml(text), ...flags }, env);

t.test("defaults", async (t) => {
  const config = loadConfig({}, {});
  t.same(config.http.listen, { host: "127.0.0.1", port: 8080 });
  t.same(config.openflow.listen, { host: "0.0.0.0", port: 6653 });
  t.equal(config.bgp.listen, undefined, "not given: 179 if possible");
  t.equal(config[""].role, "both");
  t.equal(config[""].data, "./var");
  t.same(config.bgp.peer, []);
});

t.test("flags win over environment, environment over the file", async (t) => {
  const file = 'role = "bonder"\n[http]\nlisten = "127.0.0.1:1"\n';
  t.equal(load(file).http.listen.port, 1);
  t.equal(load(file, {}, { SENNIT_HTTP: "127.0.0.1:2" }).http.listen.port, 2);
  t.equal(load(file, { http: "[::1]:3" }, { SENNIT_HTTP: "127.0.0.1:2" }).http.listen.port, 3);
  t.equal(load(file, { http: "[::1]:3" }).http.listen.host, "::1");
  t.equal(load(file, {}, { SENNIT_BGP: "off" }).bgp.listen, null);
});

t.test("peers as in the documentation", async (t) => {
  const config = load(`
[bgp]
local_as = 65001
router_id = "10.0.0.1"
[[bgp.peer]]
remote_addr = "10.0.0.2"
remote_as = 65002
local_addr = "10.0.0.1"
port = 179
passive = false
afi_safi = ["ipv4", "ipv6"]
md5 = ""
`);
  t.match(config.bgp.peer, [{ remote_addr: "10.0.0.2", remote_as: 65002, afi_safi: ["ipv4", "ipv6"], passive: false }]);
});

t.test("mistakes are told with path, value and what is allowed", async (t) => {
  const cases: [() => unknown, RegExp][] = [
    [() => load("bogus = 1"), /^bogus: unknown key; known here: role, data/],
    [() => load("[bgp]\nbogus = 1"), /^bgp\.bogus: unknown key; known here: listen, local_as/],
    [() => load("[[bgp.peer]]\nremote_as = 0"), /^bgp\.peer\[0\]\.remote_as: 0 is not valid; allowed: a whole number/],
    [() => load("[http]\nlisten = 80"), /^http\.listen: 80 is not valid; allowed: HOST:PORT/],
    [() => load("http = 1"), /^http: 1 is not valid; allowed: a table/],
    [() => load("role = 'x'"), /^role: "x" is not valid; allowed: bonder, aggregator, both/],
    [() => loadConfig({ http: "nowhere" }, {}), /^--http: "nowhere" is not valid/],
    [() => loadConfig({}, { SENNIT_HTTP: "1:2:3" }), /^SENNIT_HTTP: "1:2:3" is not valid/],
    [() => loadConfig({ nodeKey: 5 }, {}), /^--node-key: 5 is not valid/],
    [() => load("[bond]\ntunnel_pool = '10.0.0.1/8'"), /without host bits/],
    [() => load("not toml"), /^--config: .* is not valid; allowed: a readable TOML file/],
    [() => loadConfig({ config: "/nowhere/at/all" }, {}), /ENOENT/],
  ];
  for (const [start, text] of cases) t.throws(start, { message: text }, String(text));
});
