// The baseline of bench/http.ts: a uWebSockets.js server that does nothing but answer. Prints its port.

import uws from "uWebSockets.js";

const app = uws.App();
app.get("/*", (response) => {
  response.writeHeader("content-type", "application/json").end('{"status":"ok"}');
});
app.listen("127.0.0.1", 0, (socket) => {
  if (!socket) process.exit(1);
  process.stdout.write(`port ${uws.us_socket_local_port(socket)}\n`);
});
