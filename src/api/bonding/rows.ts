// The table of /api/v4: every resource with its fields, its place, its rules. Lists, items, OPTIONS, filters, paging,
// checks and answers follow from a row; to add a resource is to add a row here, a record in store/tables.ts and, where
// something else must hold or happen, a function in rules.ts.

import { LIMITS } from "../../base/limits.js";
import { schedulers } from "../../bond/dataplane/schedulers.js";
import type { Method } from "../../http/table.js";
import {
  boolean,
  choice,
  computed,
  email,
  type Field,
  fixed,
  integer,
  ip,
  labelOf,
  number,
  relation,
  slug,
  text,
} from "./fields.js";
import { invalid, MESSAGES } from "./messages.js";
import { type Resource, resource } from "./resource.js";
import * as rules from "./rules.js";
import { viewOf } from "./verbs.js";
import * as views from "./views.js";

const READ: readonly Method[] = ["GET"];
const LIST: readonly Method[] = ["GET", "POST"];
const ITEM: readonly Method[] = ["GET", "PUT", "PATCH", "DELETE"];
const CHANGE: readonly Method[] = ["GET", "PUT", "PATCH"];

const identity = (name: string): readonly Field[] => [
  fixed("id", "integer"),
  computed("url", "field", (record, context) => context.linkTo(name, record)),
];
const note = text("note", { fallback: "", max: 10_000 });
const space = relation("space", ["spaces"], { required: false, filter: true, nested: views.nestedSpace });
const created = fixed("created", "datetime");

const LINK_MODES = { active: "Active", idle: "Idle", offline: "Offline" };
/** What the data plane can do, by the name that people read. */
const DISTRIBUTIONS = Object.fromEntries(
  schedulers.map(({ name }) => [name, name === "idmpq" ? "IDMPQ" : labelOf(name)] as const),
);
const SECURITIES = { none: "None", hmac: "HMAC", encryption: "Encryption" };

// spaces

const spaceFields: readonly Field[] = [
  ...identity("spaces"),
  text("name", { max: 100 }),
  slug("key"),
  relation("parent", ["spaces"], { nullable: true, immutable: true, filter: true }),
];

const spaces = resource({
  name: "spaces",
  title: "Space",
  description: "A tenant's part of the appliance.",
  table: "spaces",
  key: "key",
  fields: [
    ...spaceFields,
    fixed("level", "integer"),
    text("crm_id", { fallback: "" }),
    computed("related_object_counts", "nested object", (one, context) => views.countsOf(views.asSpace(one), context)),
    created,
  ],
  mounts: [{ path: "/spaces/", list: LIST, item: ITEM }],
  path: ({ key }) => `/spaces/${key}/`,
  unique: [{ members: ["key"], message: MESSAGES.spaceKey }],
  search: ({ name, key }) => [name, key],
  prepare: rules.underRootSpace,
  creating: rules.createSpace,
  removing: rules.removeSpace,
});

const flatSpaces = resource({
  name: "flat_spaces",
  title: "Flat Space",
  description: "Spaces without what takes time to count.",
  table: "spaces",
  key: "key",
  fields: [...spaceFields, fixed("level", "integer")],
  mounts: [{ path: "/flat/spaces/", list: READ, item: [] }],
  path: ({ key }) => `/spaces/${key}/`,
  search: ({ name, key }) => [name, key],
});

// nodes

const nodeName = text("name", { max: 64, filter: true });
const nodeInventory: readonly Field[] = [
  text("serial_number", { fallback: "", filter: true }),
  text("asset_tag", { fallback: "", filter: true }),
  note,
];
const nodeFacts: readonly Field[] = [
  fixed("type", "string", { filter: true }),
  fixed("key", "string", { secret: true }),
  computed("hostname", "string", (one, context) => views.hostnameOf(views.asNode(one), context)),
  computed("version", "string", (one, context) => views.versionOf(views.asNode(one), context)),
  computed("status", "string", (one, context) => views.statusOf(views.asNode(one), context)),
  computed("last_contact", "datetime", (one, context) => views.lastContact(views.asNode(one), context)),
  created,
];

const readOnly = (field: Field): Field => ({ ...field, readOnly: true, required: false });

const nodes = resource({
  name: "nodes",
  title: "Node",
  description: "What bonders and aggregators have in common.",
  table: "nodes",
  fields: [...identity("nodes"), ...[nodeName, space, ...nodeInventory].map(readOnly), ...nodeFacts],
  mounts: [{ path: "/nodes/", list: READ, item: READ }],
  path: ({ id }) => `/nodes/${id}/`,
  search: (node) => [node.name, node.note, node.serial_number, node.asset_tag],
});

const aggregators = resource({
  name: "aggregators",
  title: "Aggregator",
  description: "A box in a data centre, where the legs of bonds end.",
  table: "nodes",
  owns: (node) => node.type === "aggregator",
  fields: [
    ...identity("aggregators"),
    nodeName,
    space,
    ip("ip", 4),
    ip("ipv6", 6, { nullable: true }),
    ...nodeInventory,
    ...nodeFacts,
  ],
  mounts: [{ path: "/aggregators/", list: LIST, item: ITEM }],
  path: ({ id }) => `/aggregators/${id}/`,
  unique: [{ members: ["space", "name"] }],
  search: (node) => [node.name, node.note, node.ip],
  prepare: rules.inRootSpace,
  creating: rules.createAggregator,
  removing: rules.removeAggregator,
});

const bonders = resource({
  name: "bonders",
  title: "Bonder",
  description: "A box at a customer's site: it comes and goes with its bond.",
  table: "nodes",
  owns: (node) => node.type === "bonder",
  fields: [
    ...identity("bonders"),
    nodeName,
    { ...space, required: false },
    relation("bond", ["bonds"], { readOnly: true, filter: true }),
    ...nodeInventory,
    ...nodeFacts,
  ],
  mounts: [{ path: "/bonders/", list: READ, item: CHANGE }],
  path: ({ id }) => `/bonders/${id}/`,
  unique: [{ members: ["space", "name"] }],
  search: (node) => [node.name, node.note, node.serial_number, node.asset_tag],
  updating: rules.updateBonder,
});

const ethernetInterfaces = resource({
  name: "ethernet_interfaces",
  title: "Ethernet Interface",
  description: "A network interface of a node, by the name that its kernel gives it.",
  table: "ethernet_interfaces",
  fields: [
    ...identity("ethernet_interfaces"),
    relation("node", ["nodes"], { readOnly: true }),
    text("ifname", {
      max: 15,
      immutable: true,
      filter: true,
      check(given) {
        if (/[\s/:]/.test(given) || given === "." || given === "..") throw invalid("ifname");
        return given;
      },
    }),
    note,
    created,
  ],
  mounts: [
    { path: "/nodes/:x/ethernet_interfaces/", parent: "nodes", by: "node", list: LIST, item: ITEM },
    { path: "/bonders/:x/ethernet_interfaces/", parent: "bonders", by: "node", list: LIST, item: ITEM },
  ],
  path({ id, node }, context) {
    const owner = context.relation("bonders", node) ? "bonders" : "nodes";
    return `/${owner}/${node}/ethernet_interfaces/${id}/`;
  },
  unique: [{ members: ["node", "ifname"] }],
  search: ({ ifname, note: words }) => [ifname, words],
  creating: rules.createInterface,
  removing: rules.removeInterface,
});

// legs

const legFields: readonly Field[] = [
  ...identity("interface_legs"),
  fixed("type", "string", { filter: true }),
  relation("bond", ["bonds"], { readOnly: true, filter: true }),
  computed("bond_id", "integer", (leg) => leg["bond"]),
  relation("interface", ["ethernet_interfaces"], { filter: true }),
  computed("ifname", "string", (leg, context) => {
    return context.relation("ethernet_interfaces", leg["interface"])?.["ifname"] ?? null;
  }),
  choice("link_mode", LINK_MODES, { fallback: "active", filter: true }),
  boolean("failover", { fallback: false, filter: true }),
  number("down_speed", { min: 0, max: 400_000, label: "Download speed (Mbit/s)" }),
  number("up_speed", { min: 0, max: 400_000, label: "Upload speed (Mbit/s)" }),
  note,
  text("provider", { fallback: "" }),
  text("account", { fallback: "" }),
  computed("overall_state", "string", (leg, context) => views.legState(views.asLeg(leg), context)),
  computed("state", "string", (leg, context) => views.legState(views.asLeg(leg), context)),
  computed("bonder_state", "string", (leg, context) => views.legLive(views.asLeg(leg), context).bonderState),
  computed("aggregator_state", "string", (leg, context) => views.legLive(views.asLeg(leg), context).aggregatorState),
  computed("download_rate", "float", (leg, context) => views.legLive(views.asLeg(leg), context).downloadRate, {
    label: "Download rate (bit/s)",
  }),
  computed("upload_rate", "float", (leg, context) => views.legLive(views.asLeg(leg), context).uploadRate, {
    label: "Upload rate (bit/s)",
  }),
  computed("rtt_ms", "float", (leg, context) => views.legLive(views.asLeg(leg), context).rttMs),
  computed("loss_ratio", "float", (leg, context) => views.legLive(views.asLeg(leg), context).lossRatio),
  created,
];

const interfaceLegs = resource({
  name: "interface_legs",
  title: "Interface Leg",
  description: "One line of a bond, over an interface of its bonder.",
  table: "legs",
  owns: (leg) => leg.type === "interface",
  fields: legFields,
  mounts: [{ path: "/bonds/:x/interface_legs/", parent: "bonds", by: "bond", list: LIST, item: ITEM }],
  path: ({ id, bond }) => `/bonds/${bond}/interface_legs/${id}/`,
  search: (leg) => [leg.note, leg.provider, leg.account],
  creating: rules.createLeg,
  updating: rules.updateLeg,
});

const legs = resource({
  name: "legs",
  title: "Leg",
  description: "The legs of all bonds, whatever their type.",
  table: "legs",
  fields: legFields.map(readOnly),
  mounts: [{ path: "/legs/", list: READ, item: READ }],
  // The link is the typed leg's: it is the one that can be changed.
  path: ({ id, bond }) => `/bonds/${bond}/interface_legs/${id}/`,
  search: (leg) => [leg.note, leg.provider, leg.account],
});

// bonds

/** Shown under two names: made once. */
const legsOf: Field["view"] = (bond, context) =>
  context.once("legs", bond, () =>
    context.reader.having("legs", "bond", bond.id).map((leg) => viewOf(interfaceLegs, leg, context)),
  );

const bonds = resource({
  name: "bonds",
  title: "Bond",
  description: "A tunnel between a bonder and an aggregator over several legs.",
  table: "bonds",
  fields: [
    ...identity("bonds"),
    text("name", { max: 64, required: false, filter: true }),
    note,
    text("circuit_id", { fallback: "", filter: true }),
    text("product", { fallback: "", filter: true }),
    space,
    relation("aggregator", ["aggregators"], { filter: true }),
    relation("secondary_aggregator", ["aggregators"], { nullable: true, filter: true }),
    relation("current_aggregator", ["aggregators"], { readOnly: true, filter: true }),
    computed("bonder", "nested object", (bond, context) => views.nestedBonder(views.asBond(bond), context)),
    computed("hostname", "string", (bond, context) => views.hostnameOf(views.asBond(bond), context)),
    boolean("proof_of_concept", { fallback: false, filter: true }),
    fixed("tunnel_subnet", "string"),
    computed("tunnel_bonder_ip", "string", (bond, context) => views.tunnelOf(views.asBond(bond), context).bonder),
    computed(
      "tunnel_aggregator_ip",
      "string",
      (bond, context) => views.tunnelOf(views.asBond(bond), context).aggregator,
    ),
    choice("packet_distribution", DISTRIBUTIONS, { fallback: "idmpq", filter: true }),
    integer("reorder_max_hold", { fallback: 200, min: 0, max: 10_000, label: "Reorder max hold (ms)" }),
    choice("tunnel_security", SECURITIES, { fallback: "encryption", filter: true }),
    computed("state", "string", (bond, context) => views.bondLive(views.asBond(bond), context).state),
    computed("problem", "string", (bond, context) => views.bondLive(views.asBond(bond), context).problem),
    computed("download_rate", "float", (bond, context) => views.bondLive(views.asBond(bond), context).downloadRate, {
      label: "Download rate (bit/s)",
    }),
    computed("upload_rate", "float", (bond, context) => views.bondLive(views.asBond(bond), context).uploadRate, {
      label: "Upload rate (bit/s)",
    }),
    computed("tunnel_mtu", "integer", (bond, context) => views.bondLive(views.asBond(bond), context).tunnelMtu),
    computed("interface_legs", "list", legsOf),
    computed("legs", "list", legsOf),
    created,
  ],
  mounts: [
    { path: "/bonds/", list: LIST, item: ITEM },
    { path: "/aggregators/:x/bonds/", parent: "aggregators", by: "aggregator", list: READ, item: [] },
    {
      path: "/aggregators/:x/bonds_secondary/",
      parent: "aggregators",
      by: "secondary_aggregator",
      list: READ,
      item: [],
    },
    { path: "/aggregators/:x/bonds_current/", parent: "aggregators", by: "current_aggregator", list: READ, item: [] },
  ],
  path: ({ id }) => `/bonds/${id}/`,
  unique: [{ members: ["space", "name"] }],
  search(bond, context) {
    const bonder = context.relation("bonders", bond.bonder);
    const version = bonder ? views.versionOf(views.asNode(bonder), context) : "";
    return [bond.note, bond.name, version, views.spaceKey(bond.space, context), views.spaceName(bond.space, context)];
  },
  prepare: rules.prepareBond,
  creating: rules.createBond,
  updating: rules.updateBond,
  removing: rules.removeBond,
});

// users

const users = resource({
  name: "users",
  title: "User",
  description: "Who may log in, to any of the surfaces.",
  table: "users",
  fields: [
    ...identity("users"),
    email("email"),
    text("username", { fallback: "", max: 150, filter: true }),
    text("password", { writeOnly: true, trim: false, min: 8, max: LIMITS.passwordBytes / 4 }),
    boolean("active", { fallback: true, filter: true }),
    boolean("superuser", { fallback: false, filter: true }),
    created,
  ],
  mounts: [{ path: "/users/", list: LIST, item: ITEM }],
  path: ({ id }) => `/users/${id}/`,
  search: (user) => [user.email, user.username],
  prepare: rules.hashUserPassword,
  creating: rules.createUser,
  updating: rules.updateUser,
  removing: rules.removeUser,
});

/** All resources of /api/v4. */
export const RESOURCES: readonly Resource[] = [
  nodes,
  aggregators,
  bonders,
  ethernetInterfaces,
  bonds,
  interfaceLegs,
  legs,
  spaces,
  flatSpaces,
  users,
];
