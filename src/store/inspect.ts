// Looks a state file over before LMDB maps it: LMDB trusts its file, and a damaged page would end the process with a
// signal. Reads pages one by one, changes nothing. The layout is that of LMDB's data version 2 (mdb.c: MDB_page,
// MDB_meta, MDB_node, MDB_db), little-endian, 64 bit.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const MAGIC = 0xbeef_c0de;
const DATA_VERSION = 2;
const PAGE_HEADER_BYTES = 24;
const NODE_HEADER_BYTES = 8;
const TREE_BYTES = 48;
const P_BRANCH = 1;
const P_LEAF = 2;
const P_OVERFLOW = 4;
const P_META = 8;
const F_BIGDATA = 1;
const F_SUBDATA = 2;
const F_DUPDATA = 4;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;
const META_PAGES = 2;
/** Values are read and summed in full up to this file size; above it only the trees are walked. */
const FULL_CHECK_BYTES = 256 << 20;

/** Why a file cannot be a whole LMDB file. */
export class Damage extends Error {}

interface Tree {
  readonly depth: number;
  readonly entries: number;
  readonly root: bigint;
}

interface Meta {
  readonly transaction: bigint;
  readonly lastPage: number;
  readonly main: Tree;
  readonly free: Tree;
}

function readTree(bytes: Buffer, at: number): Tree {
  return {
    depth: bytes.readUInt16LE(at + 6),
    entries: Number(bytes.readBigUInt64LE(at + 32)),
    root: bytes.readBigUInt64LE(at + 40),
  };
}

/** One walk over a file. */
class Inspection {
  readonly #fd: number;
  readonly #pageBytes: number;
  readonly #pages: number;
  readonly #seen: Uint8Array;
  readonly #sums: boolean;
  readonly #holds: (value: Buffer) => boolean;

  constructor(fd: number, size: number, pageBytes: number, holds: (value: Buffer) => boolean) {
    this.#fd = fd;
    this.#pageBytes = pageBytes;
    this.#pages = Math.floor(size / pageBytes);
    this.#seen = new Uint8Array(this.#pages);
    this.#sums = size <= FULL_CHECK_BYTES;
    this.#holds = holds;
  }

  meta(page: number): Meta {
    const bytes = this.#read(page, 1);
    const at = PAGE_HEADER_BYTES;
    if ((bytes.readUInt16LE(18) & P_META) === 0 || bytes.readUInt32LE(at) !== MAGIC) {
      throw new Damage(`page ${page} is not the head of an LMDB file`);
    }
    return {
      free: readTree(bytes, at + 24),
      main: readTree(bytes, at + 24 + TREE_BYTES),
      lastPage: Number(bytes.readBigUInt64LE(at + 24 + 2 * TREE_BYTES)),
      transaction: bytes.readBigUInt64LE(at + 32 + 2 * TREE_BYTES),
    };
  }

  /** Names of the databases in the main tree, each with its records walked. */
  walk({ main, free, lastPage }: Meta): string[] {
    if (lastPage < META_PAGES - 1) throw new Damage("its head names no pages");
    this.#tree(free, "the list of free pages", () => undefined);
    const found: { name: string; tree: Tree }[] = [];
    this.#tree(main, "the list of tables", (key, value, flags) => {
      if ((flags & F_SUBDATA) === 0 || value.length !== TREE_BYTES)
        throw new Damage("the list of tables has another thing");
      found.push({ name: key.toString("utf8").replace(/\0+$/, ""), tree: readTree(value, 0) });
    });
    for (const { name, tree } of found) {
      this.#tree(tree, `table ${name}`, (_key, value) => {
        if (this.#sums && !this.#holds(value)) throw new Damage(`a record of table ${name} has a wrong sum`);
      });
    }
    return found.map(({ name }) => name);
  }

  #tree(tree: Tree, what: string, entry: (key: Buffer, value: Buffer, flags: number) => void): void {
    if (tree.root === NO_PAGE) {
      if (tree.entries !== 0) throw new Damage(`${what} has no root but ${tree.entries} entries`);
      return;
    }
    let entries = 0;
    let last: Buffer | null = null;
    const visit = (page: bigint, level: number) => {
      const bytes = this.#page(page, what, level === tree.depth ? P_LEAF : P_BRANCH);
      const nodes = bytes.readUInt16LE(20) >> 1;
      if (nodes === 0) throw new Damage(`page ${page} (${what}) is empty`);
      for (let i = 0; i < nodes; i++) {
        const at = this.#node(bytes, i, page, what);
        const flags = bytes.readUInt16LE(at + 4);
        const keyEnd = at + NODE_HEADER_BYTES + bytes.readUInt16LE(at + 6);
        if (keyEnd > bytes.length) throw new Damage(`page ${page} (${what}) has a key beyond its end`);
        if (level < tree.depth) {
          visit(BigInt(bytes.readUInt32LE(at)) | (BigInt(flags) << 32n), level + 1);
          continue;
        }
        const key = bytes.subarray(at + NODE_HEADER_BYTES, keyEnd);
        // The list of free pages is keyed by native integers, all else by bytes in order.
        if (last && what.startsWith("table") && Buffer.compare(last, key) >= 0) {
          throw new Damage(`page ${page} (${what}) has keys out of order`);
        }
        last = key;
        entries += 1;
        entry(key, this.#value(bytes, at, keyEnd, flags, page, what), flags);
      }
    };
    if (tree.depth < 1 || tree.depth > 32) throw new Damage(`${what} has depth ${tree.depth}`);
    visit(tree.root, 1);
    if (entries !== tree.entries) throw new Damage(`${what} has ${entries} entries instead of ${tree.entries}`);
  }

  #node(bytes: Buffer, i: number, page: bigint, what: string): number {
    const at = bytes.readUInt16LE(PAGE_HEADER_BYTES + 2 * i) + PAGE_HEADER_BYTES;
    if (at + NODE_HEADER_BYTES > bytes.length) throw new Damage(`page ${page} (${what}) has an entry beyond its end`);
    return at;
  }

  #value(bytes: Buffer, at: number, start: number, flags: number, page: bigint, what: string): Buffer {
    const size = bytes.readUInt32LE(at);
    if ((flags & F_BIGDATA) === 0) {
      if (flags & F_DUPDATA) throw new Damage(`page ${page} (${what}) has duplicates`);
      if (start + size > bytes.length) throw new Damage(`page ${page} (${what}) has a value beyond its end`);
      return bytes.subarray(start, start + size);
    }
    if (start + 8 > bytes.length) throw new Damage(`page ${page} (${what}) has a value beyond its end`);
    const first = bytes.readBigUInt64LE(start);
    const pages = Math.ceil((size + PAGE_HEADER_BYTES) / this.#pageBytes);
    const head = this.#page(first, what, P_OVERFLOW);
    if (head.readUInt32LE(20) < pages) throw new Damage(`page ${first} (${what}) is shorter than its value`);
    for (let i = 1; i < pages; i++) this.#mark(first + BigInt(i), what);
    return this.#read(Number(first), pages).subarray(PAGE_HEADER_BYTES, PAGE_HEADER_BYTES + size);
  }

  /** Reads a page that is used once in the whole file and says itself which one it is. */
  #page(page: bigint, what: string, type: number): Buffer {
    this.#mark(page, what);
    const bytes = this.#read(Number(page), 1);
    if (bytes.readBigUInt64LE(0) !== page || (bytes.readUInt16LE(18) & (P_BRANCH | P_LEAF | P_OVERFLOW)) !== type) {
      throw new Damage(`page ${page} (${what}) holds something else`);
    }
    const [lower, upper] = [bytes.readUInt16LE(20), bytes.readUInt16LE(22)];
    if (type !== P_OVERFLOW && (lower > upper || upper + PAGE_HEADER_BYTES > bytes.length)) {
      throw new Damage(`page ${page} (${what}) has impossible bounds`);
    }
    return bytes;
  }

  #mark(page: bigint, what: string): void {
    if (page < META_PAGES || page >= this.#pages) {
      throw new Damage(`page ${page} (${what}) is not in the file, which has ${this.#pages}`);
    }
    if (this.#seen[Number(page)]) throw new Damage(`page ${page} (${what}) is used twice`);
    this.#seen[Number(page)] = 1;
  }

  #read(page: number, pages: number): Buffer {
    const bytes = Buffer.allocUnsafe(pages * this.#pageBytes);
    const got = readSync(this.#fd, bytes, 0, bytes.length, page * this.#pageBytes);
    if (got !== bytes.length) throw new Damage(`the file ends within page ${page}`);
    return bytes;
  }
}

/** The heads of an open file, the newer first, and what walks its pages; null for an empty file. Throws Damage. */
function readHeads(fd: number, holds: (value: Buffer) => boolean): { inspection: Inspection; newer: Meta } | null {
  const { size } = fstatSync(fd);
  if (size === 0) return null;
  const head = Buffer.alloc(PAGE_HEADER_BYTES + 24 + TREE_BYTES);
  if (readSync(fd, head, 0, head.length, 0) < head.length) throw new Damage("the file is too short for its head");
  if (head.readUInt32LE(PAGE_HEADER_BYTES) !== MAGIC) throw new Damage("it is not an LMDB file");
  const version = head.readUInt32LE(PAGE_HEADER_BYTES + 4) & 0xffff;
  if (version !== DATA_VERSION) throw new Damage(`it has LMDB's data version ${version} instead of ${DATA_VERSION}`);
  const pageBytes = head.readUInt32LE(PAGE_HEADER_BYTES + 24);
  if (![4_096, 8_192, 16_384, 32_768, 65_536].includes(pageBytes)) throw new Damage(`its page size is ${pageBytes}`);
  const inspection = new Inspection(fd, size, pageBytes, holds);
  const [first, second] = [inspection.meta(0), inspection.meta(1)];
  return { inspection, newer: second.transaction > first.transaction ? second : first };
}

/** Looks at the heads of a file alone: all that can be told of one that is being written. Throws Damage. */
export function inspectHead(path: string): void {
  const fd = openSync(path, "r");
  try {
    if (!readHeads(fd, () => true)) throw new Damage("it is empty");
  } finally {
    closeSync(fd);
  }
}

/**
 * Walks all that an LMDB file holds and returns the names of its databases; [] when there is no file or an empty one.
 * `holds` tells whether a value is whole. Throws Damage with what is wrong; other errors are the file system's.
 */
export function inspectStateFile(path: string, holds: (value: Buffer) => boolean): string[] {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  try {
    const heads = readHeads(fd, holds);
    return heads ? heads.inspection.walk(heads.newer) : [];
  } finally {
    closeSync(fd);
  }
}
