// What a rule changes: a new attribute list from the indexed one, in one pass and in the order of the codes, with
// MP_REACH_NLRI first.

import { loadU32 } from "../mem/bytes";
import { prependTo } from "./as_path";
import { attributeRow } from "./attribute";
import {
  attributeAt,
  beginValue,
  closeList,
  codesPresent,
  copyAttribute,
  endValue,
  failList,
  openList,
  valueAt,
  valueBytes,
  writeWord,
} from "./attribute_index";
import {
  ATTR_AS_PATH,
  ATTR_LOCAL_PREF,
  ATTR_MP_REACH,
  ATTR_NEXT_HOP,
  ATTR_ORIGIN,
  FLAG_PARTIAL,
  FLAG_TRANSITIVE,
} from "./layout";
import { chooseHop, findHop, writeNextHop, writeReach } from "./next_hop";
import { widthOf, wordOf } from "./policy_conditions";
import {
  ATTRIBUTES_MAX,
  EDIT_A,
  EDIT_ADD,
  EDIT_ALL,
  EDIT_B,
  EDIT_CODE,
  EDIT_HOP,
  EDIT_LIST,
  EDIT_NEXT,
  EDIT_OP,
  EDIT_PREPEND,
  EDIT_REMOVE,
  EDIT_SET,
  LOCAL_PREF_DEFAULT,
  NEIGHBOR_LOCAL_AS,
} from "./policy_layout";
import { patternMatches } from "./policy_match";

/** Flags of a written attribute: the table's, with the Partial bit of the one that was there (RFC 4271 §5). */
function flagsOf(code: u32, start: usize): u32 {
  const partial: u32 = start == 0 ? 0 : <u32>load<u8>(start) & FLAG_PARTIAL;
  return (attributeRow(code) & 0xff) | partial;
}

function writeNumber(edit: usize, code: u32): void {
  const op = load<u32>(edit, EDIT_OP);
  if (op == EDIT_REMOVE) return;
  const amount = load<u32>(edit, EDIT_A);
  const flags = flagsOf(code, 0);
  if (code == ATTR_ORIGIN) {
    const value = beginValue(1);
    if (value == 0) return;
    store<u8>(value, amount);
    endValue(flags, code, 1);
    return;
  }
  if (op == EDIT_SET) {
    writeWord(flags, code, bswap<u32>(amount));
    return;
  }
  const old = wordOf(code, code == ATTR_LOCAL_PREF ? LOCAL_PREF_DEFAULT : 0);
  let value: u32;
  if (op == EDIT_ADD) value = amount > ~old ? u32.MAX_VALUE : old + amount;
  else value = amount > old ? 0 : old - amount;
  writeWord(flags, code, bswap<u32>(value));
}

function writePrepended(program: usize, edit: usize, start: usize, neighbor: usize): void {
  const list = program + load<u32>(edit, EDIT_A);
  const count = load<u32>(list);
  let most: u32 = start == 0 ? 0 : valueBytes(start);
  let bytes = most;
  for (let i: u32 = 0; i < count; i++) most += 2 + load<u32>(list + 8 + ((<usize>i) << 3)) * 4;
  const value = beginValue(most);
  if (value == 0) return;
  if (start != 0) memory.copy(value, valueAt(start), bytes);
  // The last of the list ends up next to the old path: they are put in front from the end on.
  for (let i = count; i > 0; i--) {
    const pair = list + 4 + ((<usize>(i - 1)) << 3);
    const as = load<u32>(pair);
    bytes = prependTo(value, value, bytes, as == 0 ? load<u32>(neighbor, NEIGHBOR_LOCAL_AS) : as, load<u32>(pair, 4));
  }
  endValue(start == 0 ? FLAG_TRANSITIVE : flagsOf(ATTR_AS_PATH, 0), ATTR_AS_PATH, bytes);
}

function sameEntry(a: usize, b: usize, width: u32): bool {
  for (let i: usize = 0; i < <usize>width; i += 4) if (load<u32>(a + i) != load<u32>(b + i)) return false;
  return true;
}

function hasEntry(p: usize, end: usize, entry: usize, width: u32): bool {
  for (; p < end; p += width) if (sameEntry(p, entry, width)) return true;
  return false;
}

/** A community attribute without what is removed and with what is added, nothing twice; none when nothing is left. */
function writeCommunities(program: usize, edit: usize, code: u32, start: usize): void {
  const width = widthOf(code);
  const remove = load<u32>(edit, EDIT_A);
  const added = load<u32>(edit, EDIT_B);
  const addedBytes: u32 = added == 0 ? 0 : load<u32>(program + added);
  const oldBytes: u32 = start == 0 || remove == EDIT_ALL ? 0 : valueBytes(start);
  const value = beginValue(oldBytes + addedBytes);
  if (value == 0) return;
  let end = value;
  if (oldBytes != 0 && remove == 0) {
    memory.copy(value, valueAt(start), oldBytes);
    end += oldBytes - (oldBytes % width);
  } else if (oldBytes != 0) {
    const from = valueAt(start);
    for (let p = from; p + width <= from + oldBytes; p += width) {
      if (patternMatches(program + remove, p, width)) continue;
      memory.copy(end, p, width);
      end += width;
    }
  }
  for (let p = program + added + 4; p < program + added + 4 + addedBytes; p += width) {
    if (hasEntry(value, end, p, width)) continue;
    memory.copy(end, p, width);
    end += width;
  }
  if (end != value) endValue(flagsOf(code, start), code, <u32>(end - value));
}

function applyEdit(program: usize, edit: usize, start: usize, neighbor: usize): void {
  const op = load<u32>(edit, EDIT_OP);
  const code = load<u32>(edit, EDIT_CODE);
  if (op == EDIT_LIST) writeCommunities(program, edit, code, start);
  else if (op == EDIT_PREPEND) writePrepended(program, edit, start, neighbor);
  else if (op != EDIT_HOP) writeNumber(edit, code);
}

/** The edit of a rule that changes the next hop, 0 when none does. */
function hopEdit(program: usize, edit: u32): usize {
  while (edit != 0) {
    if (load<u32>(program + edit, EDIT_CODE) == ATTR_NEXT_HOP) return program + edit;
    edit = load<u32>(program + edit, EDIT_NEXT);
  }
  return 0;
}

/**
 * Writes the indexed list with a rule's edits to `out`. Returns its bytes, or -1 when it would be longer than
 * ATTRIBUTES_MAX or the neighbour has no such next hop.
 */
export function applyEdits(program: usize, edit: u32, neighbor: usize, family: u32, out: usize): i32 {
  openList(out, ATTRIBUTES_MAX);
  const hop = hopEdit(program, edit);
  if (hop != 0) {
    const given = program + load<u32>(hop, EDIT_B);
    if (chooseHop(load<u32>(hop, EDIT_A), given, neighbor, family, true)) writeReach(family);
    else failList();
  } else if (attributeAt(ATTR_MP_REACH) != 0) copyAttribute(attributeAt(ATTR_MP_REACH));
  for (let word: u32 = 0; word < 4; word++) {
    let codes = codesPresent(word);
    if (word == 0) codes &= ~((<u64>1) << ATTR_MP_REACH);
    while (true) {
      const code: u32 = codes == 0 ? (word + 1) * 64 : word * 64 + <u32>ctz<u64>(codes);
      // Edits of attributes that are not there yet.
      while (edit != 0 && load<u32>(program + edit, EDIT_CODE) < code) {
        editOne(program, program + edit, 0, neighbor, family);
        edit = load<u32>(program + edit, EDIT_NEXT);
      }
      if (codes == 0) break;
      codes &= codes - 1;
      if (edit != 0 && load<u32>(program + edit, EDIT_CODE) == code) {
        editOne(program, program + edit, attributeAt(code), neighbor, family);
        edit = load<u32>(program + edit, EDIT_NEXT);
      } else copyAttribute(attributeAt(code));
    }
  }
  return closeList();
}

function editOne(program: usize, edit: usize, start: usize, neighbor: usize, family: u32): void {
  if (load<u32>(edit, EDIT_OP) == EDIT_HOP) writeNextHop(family);
  else applyEdit(program, edit, start, neighbor);
}
