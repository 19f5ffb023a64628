// The numbers of BGP that rooms may use, from the one table that the Wasm half uses too. No record layout is here.

import * as n from "../../assembly/bgp/layout.js";

/** Message types. */
export const MSG = {
  open: n.MSG_OPEN,
  update: n.MSG_UPDATE,
  notification: n.MSG_NOTIFICATION,
  keepalive: n.MSG_KEEPALIVE,
  routeRefresh: n.MSG_ROUTE_REFRESH,
  ciscoRefresh: n.MSG_CISCO_REFRESH,
} as const;

/** What a NOTIFICATION that we send says: code << 8 | subcode. */
export const NOTIFY = {
  notSynchronized: n.NOTIFY_NOT_SYNCHRONIZED,
  badLength: n.NOTIFY_BAD_LENGTH,
  badType: n.NOTIFY_BAD_TYPE,
  open: n.NOTIFY_OPEN,
  peerAs: n.NOTIFY_PEER_AS,
  identifier: n.NOTIFY_IDENTIFIER,
  parameter: n.NOTIFY_PARAMETER,
  capability: n.NOTIFY_CAPABILITY,
  role: n.NOTIFY_ROLE,
  attributeList: n.NOTIFY_ATTRIBUTE_LIST,
  holdExpired: n.NOTIFY_HOLD_EXPIRED,
  fsm: n.NOTIFY_FSM,
  fsmOpenSent: n.NOTIFY_FSM_OPENSENT,
  fsmOpenConfirm: n.NOTIFY_FSM_OPENCONFIRM,
  fsmEstablished: n.NOTIFY_FSM_ESTABLISHED,
  prefixes: n.NOTIFY_CEASE_PREFIXES,
  shutdown: n.NOTIFY_CEASE_SHUTDOWN,
  deconfigured: n.NOTIFY_CEASE_DECONFIGURED,
  reset: n.NOTIFY_CEASE_RESET,
  rejected: n.NOTIFY_CEASE_REJECTED,
  configChange: n.NOTIFY_CEASE_CONFIG,
  collision: n.NOTIFY_CEASE_COLLISION,
  resources: n.NOTIFY_CEASE_RESOURCES,
  hardReset: n.NOTIFY_CEASE_HARD_RESET,
  sendHoldExpired: n.NOTIFY_SEND_HOLD_EXPIRED,
} as const;

/** Capability codes. */
export const CAP = {
  multiprotocol: n.CAP_MULTIPROTOCOL,
  routeRefresh: n.CAP_ROUTE_REFRESH,
  extendedNextHop: n.CAP_EXTENDED_NEXT_HOP,
  extendedMessage: n.CAP_EXTENDED_MESSAGE,
  role: n.CAP_ROLE,
  gracefulRestart: n.CAP_GRACEFUL_RESTART,
  fourOctetAs: n.CAP_FOUR_OCTET_AS,
  addPath: n.CAP_ADD_PATH,
  enhancedRefresh: n.CAP_ENHANCED_REFRESH,
  longLivedGr: n.CAP_LONG_LIVED_GR,
  fqdn: n.CAP_FQDN,
  ciscoRefresh: n.CAP_CISCO_REFRESH,
  ciscoMultiSession: n.CAP_CISCO_MULTI_SESSION,
} as const;

/** Attribute codes that code outside the attribute table names. */
export const ATTR = {
  asPath: n.ATTR_AS_PATH,
  nextHop: n.ATTR_NEXT_HOP,
  localPref: n.ATTR_LOCAL_PREF,
  aggregator: n.ATTR_AGGREGATOR,
  mpReach: n.ATTR_MP_REACH,
  mpUnreach: n.ATTR_MP_UNREACH,
} as const;

/** Attribute flags. */
export const FLAG = {
  optional: n.FLAG_OPTIONAL,
  transitive: n.FLAG_TRANSITIVE,
  partial: n.FLAG_PARTIAL,
  extendedLength: n.FLAG_EXTENDED_LENGTH,
} as const;

/** Families by the index that Wasm has for them. */
export const FAMILY = {
  ipv4: n.FAMILY_IPV4,
  ipv6: n.FAMILY_IPV6,
  ipv4Multicast: n.FAMILY_IPV4_MULTICAST,
  ipv6Multicast: n.FAMILY_IPV6_MULTICAST,
  ipv4Labelled: n.FAMILY_IPV4_LABELLED,
  ipv6Labelled: n.FAMILY_IPV6_LABELLED,
  vpnv4: n.FAMILY_VPNV4,
  vpnv6: n.FAMILY_VPNV6,
  ipv4Flowspec: n.FAMILY_IPV4_FLOWSPEC,
  ipv6Flowspec: n.FAMILY_IPV6_FLOWSPEC,
  vpnv4Flowspec: n.FAMILY_VPNV4_FLOWSPEC,
  vpnv6Flowspec: n.FAMILY_VPNV6_FLOWSPEC,
  ipv4SrPolicy: n.FAMILY_IPV4_SR_POLICY,
  ipv6SrPolicy: n.FAMILY_IPV6_SR_POLICY,
  evpn: n.FAMILY_EVPN,
  routeTarget: n.FAMILY_ROUTE_TARGET,
  linkState: n.FAMILY_LINK_STATE,
} as const;
export const FAMILY_COUNT = n.FAMILIES;

/** Why a batch ended. */
export const STOP = {
  needMore: n.STOP_NEED_MORE,
  message: n.STOP_MESSAGE,
  recordsFull: n.STOP_RECORDS_FULL,
  reset: n.STOP_RESET,
} as const;

export const HEADER_BYTES = n.HEADER_BYTES;
export const MESSAGE_BYTES_MAX = n.MESSAGE_BYTES_MAX;
export const MESSAGE_BYTES_EXTENDED = n.MESSAGE_BYTES_EXTENDED;
export const INPUT_BYTES = n.INPUT_BYTES;
