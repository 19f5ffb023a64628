import t from "tap";
import { decodePdu, encodeErrorReport, encodeResetQuery, encodeSerialQuery } from "../../../../src/bgp/rtr/pdu.js";
import { endOfData, errorReport } from "../../../helpers/rtr.js";

const hex = (text: string) => Buffer.from(text.replace(/ /g, ""), "hex");
const of = (text: string) => decodePdu(hex(text));

t.test("queries and reports", async (t) => {
  t.same(encodeResetQuery(1), hex("01 02 0000 00000008"));
  t.same(encodeResetQuery(0), hex("00 02 0000 00000008"));
  t.same(encodeSerialQuery(1, 0x1234, 0xfffffffe), hex("01 01 1234 0000000c fffffffe"));
  t.same(
    encodeErrorReport(1, 5, hex("01 0b 0000 00000008"), "no"),
    hex("01 0a 0005 0000001a 00000008 010b000000000008 00000002 6e6f"),
  );
  t.equal(encodeErrorReport(1, 0, Buffer.alloc(8_000), "").length, 80, "not all of a long PDU goes back");
});

t.test("what a cache says", async (t) => {
  t.same(of("01 00 1234 0000000c 00000007"), { kind: "serialNotify", version: 1, session: 0x1234, serial: 7 });
  t.same(of("00 03 1234 00000008"), { kind: "cacheResponse", version: 0, session: 0x1234 });
  t.same(of("01 08 0000 00000008"), { kind: "cacheReset", version: 1 });
  t.same(of("00 07 0009 0000000c 80000000"), {
    kind: "endOfData",
    version: 0,
    session: 9,
    serial: 0x80000000,
    intervals: null,
  });
  t.same(of("01 07 0009 00000018 00000001 00000e10 00000258 00001c20"), {
    kind: "endOfData",
    version: 1,
    session: 9,
    serial: 1,
    intervals: { refresh: 3600, retry: 600, expire: 7200 },
  });
  t.same(decodePdu(errorReport(2, "none yet\n")), { kind: "errorReport", version: 1, code: 2, text: "none yet?" });
  t.same(of("01 0a 0003 00000018 00000008 0102000000000008 00000000"), {
    kind: "errorReport",
    version: 1,
    code: 3,
    text: "",
  });
  t.match(of("01 06 0000 00000020"), { kind: "payload" });
  t.match(of("01 09 0000 00000020"), { kind: "payload" });
});

t.test("intervals are kept within the bounds of RFC 8210", async (t) => {
  const times = (...given: number[]) => {
    const pdu = decodePdu(endOfData(1, 1, 1, given));
    return pdu.kind === "endOfData" && Object.values(pdu.intervals ?? {});
  };
  t.same(times(0, 0, 0), [1, 1, 600]);
  t.same(times(0xffffffff, 0xffffffff, 0xffffffff), [86_400, 7_200, 172_800]);
  t.same(times(86_400, 600, 600), [86_400, 600, 86_401], "data does not expire before it is asked for anew");
});

t.test("what is refused", async (t) => {
  const code = (text: string) => {
    const pdu = of(text);
    return pdu.kind === "fault" ? pdu.code : pdu.kind;
  };
  t.equal(code("01 03 1234 00000009 00"), 0, "a Cache Response with a tail");
  t.equal(code("01 07 0009 0000000c 00000001"), 0, "an End of Data of version 0 in version 1");
  t.equal(code("00 07 0009 00000018 00000001 00000e10 00000258 00001c20"), 0);
  t.equal(code("01 00 1234 00000008"), 0);
  t.equal(code("01 01 1234 0000000c 00000001"), 3, "a cache does not ask");
  t.equal(code("01 02 0000 00000008"), 3);
  t.equal(code("01 0b 0000 00000008"), 5, "ASPA is of version 2");
  t.equal(code("01 ff 0000 00000008"), 5);
  t.equal(code("00 09 0000 00000020"), 5, "router keys are of version 1");
  t.equal(code("02 03 1234 00000008"), 4);
  for (const text of [
    "01 0a 0003 00000008",
    "01 0a 0003 00000010 ffffffff 00000000",
    "01 0a 0003 00000010 00000000 ffffffff",
    "01 0a 0003 00000010 00000001 00000000",
    "01 0a 0003 00000012 00000000 00000001 4142",
  ]) {
    t.equal(code(text), 0, `an Error Report of wrong lengths: ${text}`);
  }
});
