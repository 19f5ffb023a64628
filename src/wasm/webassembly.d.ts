// The part of the WebAssembly JavaScript API that src/wasm uses. TypeScript has it only in its "dom" library, whose
// other names (window, document, …) must not look usable here.

declare namespace WebAssembly {
  type Imports = Record<string, Record<string, unknown>>;

  interface MemoryDescriptor {
    initial: number;
    maximum?: number;
    shared?: boolean;
  }

  class Memory {
    constructor(descriptor: MemoryDescriptor);
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }

  class Module {
    constructor(bytes: Uint8Array);
    private readonly module: unique symbol;
  }

  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Record<string, unknown>;
  }

  function validate(bytes: Uint8Array): boolean;
}
