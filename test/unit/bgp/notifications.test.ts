import t from "tap";
import { forGracefulPeer, notificationLine, notificationView, shutdownData } from "../../../src/bgp/notifications.js";

const NO_DATA = new Uint8Array();
const view = (notify: number, data: Uint8Array = NO_DATA) =>
  notificationView({ notify, data }, false, 1_700_000_000_999);

t.test("what a NOTIFICATION says", async (t) => {
  t.same(view(0x0602, Uint8Array.from([4, 98, 97, 99, 107])), {
    code: 6,
    subcode: 2,
    error: "Cease",
    sub_error: "Administrative shutdown",
    text: "back",
    data: "046261636b",
    direction: "received",
    time: 1_700_000_000,
  });
  t.match(view(0x0400), { error: "Hold Timer Expired", sub_error: null });
  t.match(view(0x6363), { code: 99, subcode: 99, error: null, sub_error: null });
  t.match(view(0x020b), { error: "OPEN Message Error", sub_error: "Role Mismatch" });
  t.equal(
    notificationLine(view(0x0602, shutdownData("back at nine"))),
    '6/2 Cease, Administrative shutdown: "back at nine"',
  );
  t.equal(notificationLine(view(0x6363)), "99/99");
});

t.test("texts (RFC 9003)", async (t) => {
  const text = (data: number[], notify = 0x0602) => view(notify, Uint8Array.from(data)).text;
  t.equal(text([3, 0xe2, 0x82, 0xac]), "€");
  t.equal(text([2, 0xe2, 0x82]), "", "no UTF-8 is not interpreted");
  t.equal(text([9, 65]), "", "a length beyond the data");
  t.equal(text([0]), "");
  t.equal(text([1, 65, 66, 67]), "A", "what is behind it is not text");
  t.equal(text([2, 65, 65], 0x0604), "AA", "an administrative reset has one, too");
  t.equal(text([2, 65, 65], 0x0606), "", "others have none");
  t.equal(text([5, 97, 0x1b, 91, 10, 98]), "a\\u{1b}[\\u{a}b", "nothing that moves a cursor");
  t.equal(shutdownData("").length, 0);
  t.same([...shutdownData("ab")], [2, 97, 98]);
  const long = shutdownData("€".repeat(100));
  t.equal(long[0], 255);
  t.equal(view(0x0602, long).text, "€".repeat(85));
  const cut = shutdownData(`a${"€".repeat(100)}`);
  t.equal(cut[0], 253, "cut between characters");
  t.equal(cut.length, 254);
  t.equal(view(0x0602, cut).text, `a${"€".repeat(84)}`);
});

t.test("hard resets (RFC 8538)", async (t) => {
  const hard = forGracefulPeer({ notify: 0x0602, data: shutdownData("bye") });
  t.equal(hard.notify, 0x0609);
  t.same([...hard.data], [6, 2, 3, 98, 121, 101]);
  t.match(view(hard.notify, hard.data), { subcode: 9, sub_error: "Hard Reset", text: "bye" });
  t.equal(forGracefulPeer({ notify: 0x0606, data: NO_DATA }).notify, 0x0606, "a session that comes back is kept");
  t.equal(forGracefulPeer({ notify: 0x0400, data: NO_DATA }).notify, 0x0400);
});
