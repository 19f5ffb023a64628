// Bodies of /api/v4 in any media type: parsed, or refused with a 4xx.

import { asDictionary, PARSERS, parseBody } from "../../../src/api/bonding/body.js";
import { Refusal } from "../../../src/api/bonding/messages.js";
import type { Request } from "../../../src/http/table.js";
import type { FuzzTarget } from "../registry.js";

const encode = (text: string) => new TextEncoder().encode(text);
const types = Object.keys(PARSERS);

const target: FuzzTarget = {
  name: "rest_body",
  seeds: [
    '{"name":"a","list":[1,null,"\\u00e9"]}',
    "name=a&key=%C3%A9",
    '--x\r\nContent-Disposition: form-data; name="name"\r\n\r\na\r\n--x--\r\n',
  ].map(encode),
  run(bytes) {
    for (const type of types) {
      const header = () => (type.startsWith("multipart") ? `${type}; boundary=x` : type);
      try {
        asDictionary(parseBody({ body: Buffer.from(bytes), header } as unknown as Request));
      } catch (error) {
        if (!(error instanceof Refusal) || error.status < 400 || error.status > 499) throw error;
      }
    }
  },
};

export default target;
