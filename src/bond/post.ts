// One POST with a bounded answer, for the node channel: http:// and https:// managers alike.

import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

export interface Posted {
  readonly status: number;
  header(name: string): string;
  readonly body: string;
}

export interface Poster {
  /** Rejects when the manager cannot be reached, answers more than `mostBytes`, or not within `timeoutMs`. */
  post(path: string, headers: Readonly<Record<string, string>>, body: string, timeoutMs: number): Promise<Posted>;
  /** Breaks what is under way. */
  close(): void;
}

/** A client of one base URL that keeps its connections. Errors: a TypeError when the URL is no http(s) URL. */
export function createPoster(base: string, mostBytes: number): Poster {
  const url = new URL(base);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw new TypeError(`${base} is no http or https URL`);
  const secure = url.protocol === "https:";
  const agent = secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const root = url.pathname.replace(/\/+$/, "");
  const underWay = new Set<ClientRequest>();

  function post(
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    timeoutMs: number,
  ): Promise<Posted> {
    return new Promise((resolve, reject) => {
      let answered = false;
      const request = (secure ? httpsRequest : httpRequest)(
        {
          host: url.hostname.replace(/^\[|\]$/g, ""),
          port: url.port || (secure ? 443 : 80),
          path: root + path,
          method: "POST",
          agent,
          headers: {
            host: url.host,
            "content-type": "application/json",
            "content-length": String(Buffer.byteLength(body)),
            ...headers,
          },
        },
        (response) => {
          answered = true;
          read(response, mostBytes).then(resolve, reject);
        },
      );
      underWay.add(request);
      const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      request.on("error", reject);
      request.on("close", () => {
        clearTimeout(timer);
        underWay.delete(request);
        // Once an answer has begun, its own reading ends with it, or fails.
        if (!answered) reject(new Error("the connection was closed"));
      });
      request.end(body);
    });
  }

  return {
    post,
    close() {
      for (const request of underWay) request.destroy(new Error("stopped"));
      agent.destroy();
    },
  };
}

async function read(response: IncomingMessage, mostBytes: number): Promise<Posted> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    length += (chunk as Buffer).length;
    if (length > mostBytes) {
      response.destroy();
      throw new Error(`the answer is over ${mostBytes} bytes`);
    }
    chunks.push(chunk as Buffer);
  }
  return {
    status: response.statusCode ?? 0,
    header: (name) => String(response.headers[name] ?? ""),
    body: Buffer.concat(chunks).toString("utf8"),
  };
}
