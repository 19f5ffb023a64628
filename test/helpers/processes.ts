// Child processes with their output kept, ended with the test. Each is the leader of a process group of its own,
// so that what it starts in turn ends with it.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { atExit, type Teardown } from "./cleanup.js";
import { findProgram } from "./need.js";
import { until } from "./wait.js";

const OUTPUT_CHARS = 1 << 20;
const TERM_GRACE_MS = 3_000;

export interface StartOptions {
  readonly cwd?: string;
  /** Added to this process's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Name of the network namespace to run in. */
  readonly netns?: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Result extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

function command(program: string, args: readonly string[], netns?: string): [string, string[]] {
  const path = program.includes("/") ? program : (findProgram(program) ?? program);
  if (netns === undefined) return [path, [...args]];
  return [findProgram("ip") ?? "ip", ["netns", "exec", netns, path, ...args]];
}

function environment(added: StartOptions["env"]): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, ...added };
  // A child is no tap test; with these it would behave as one.
  for (const name of Object.keys(env)) if (/^(_?TAP|_TAPJS)/.test(name) && !(added && name in added)) delete env[name];
  delete env["NODE_OPTIONS"];
  return { ...env, ...(added?.["NODE_OPTIONS"] ? { NODE_OPTIONS: added["NODE_OPTIONS"] } : {}) };
}

/** A running child. */
export class Running {
  stdout = "";
  stderr = "";
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #name: string;
  #exit: Exit | null = null;

  constructor(program: string, args: readonly string[], options: StartOptions = {}) {
    this.#name = program;
    const [path, argv] = command(program, args, options.netns);
    this.#child = spawn(path, argv, {
      cwd: options.cwd,
      env: environment(options.env),
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout = (this.stdout + text).slice(-OUTPUT_CHARS);
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr = (this.stderr + text).slice(-OUTPUT_CHARS);
    });
    this.#child.stdin?.on("error", () => undefined);
    const forget = atExit(() => this.kill("SIGKILL"));
    this.exited = new Promise((resolve) => {
      const end = (exit: Exit) => {
        this.#exit ??= exit;
        forget();
        resolve(this.#exit);
      };
      this.#child.on("error", (error) => {
        this.stderr += error.message;
        end({ code: 127, signal: null });
      });
      // "close" comes after the last output; "exit" may not.
      this.#child.on("exit", (code, signal) => {
        this.#exit = { code, signal };
      });
      this.#child.on("close", (code, signal) => end({ code, signal }));
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Null while it runs. */
  get exit(): Exit | null {
    return this.#exit;
  }

  get output(): string {
    return this.stdout + this.stderr;
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  endInput(): void {
    this.#child.stdin?.end();
  }

  /** Sends a signal to the child's process group; nothing when it has ended. */
  kill(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // the group has ended already
    }
  }

  /** Asks it to end, kills it when it does not, and resolves when it has ended. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Exit> {
    if (this.#exit) return this.exited;
    this.kill(signal);
    const timer = setTimeout(() => this.kill("SIGKILL"), TERM_GRACE_MS);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  /** Resolves with the match once its output has the pattern; rejects when it ends before, or after the time-out. */
  says(pattern: RegExp, timeoutMs = 10_000): Promise<RegExpExecArray> {
    return until(
      () => {
        const match = pattern.exec(this.output);
        if (!match && this.#exit) return new Error(`${this.#name} ended (${JSON.stringify(this.#exit)})`);
        return match;
      },
      { what: `${this.#name} to say ${pattern}`, timeoutMs, state: () => this.output.slice(-2_000) },
    ).then((found) => {
      if (found instanceof Error) throw new Error(`${found.message} before it said ${pattern}:\n${this.output}`);
      return found;
    });
  }
}

/** Starts a program that ends with the test. */
export function start(t: Teardown, program: string, args: readonly string[], options: StartOptions = {}): Running {
  const running = new Running(program, args, options);
  t.teardown(() => running.stop());
  return running;
}

/** Runs a program to its end and resolves with what it said; never rejects. `timeoutMs` default 30 s. */
export function run(
  program: string,
  args: readonly string[],
  options: StartOptions & { readonly timeoutMs?: number; readonly input?: string } = {},
): Promise<Result> {
  const [path, argv] = command(program, args, options.netns);
  return new Promise((resolve) => {
    const child = execFile(
      path,
      argv,
      {
        cwd: options.cwd,
        env: environment(options.env),
        timeout: options.timeoutMs ?? 30_000,
        killSignal: "SIGKILL",
        maxBuffer: 64 << 20,
      },
      (error, stdout, stderr) => {
        forget();
        const code = error ? (typeof error.code === "number" ? error.code : null) : 0;
        const signal = (error?.signal as NodeJS.Signals | undefined) ?? null;
        resolve({ stdout, stderr: stderr || (error && code === null ? error.message : ""), code, signal });
      },
    );
    const forget = atExit(() => child.kill("SIGKILL"));
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.input ?? "");
  });
}

/** As `run`, but rejects with the program's output when its exit code is not 0. Resolves with its stdout. */
export async function must(
  program: string,
  args: readonly string[],
  options: Parameters<typeof run>[2] = {},
): Promise<string> {
  const result = await run(program, args, options);
  if (result.code !== 0) {
    throw new Error(
      `${program} ${args.join(" ")} ended with ${result.code ?? result.signal}: ${(result.stderr || result.stdout).trim()}`,
    );
  }
  return result.stdout;
}
