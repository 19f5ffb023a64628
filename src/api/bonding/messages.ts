// The texts that Django REST Framework answers with, one row each: clients compare and show them.

export const MESSAGES = {
  required: "This field is required.",
  null: "This field may not be null.",
  blank: "This field may not be blank.",
  noData: "No data provided",
  notADictionary: "Invalid data. Expected a dictionary, but got {type}.",
  notAString: "Not a valid string.",
  notABoolean: "Must be a valid boolean.",
  notAnInteger: "A valid integer is required.",
  notANumber: "A valid number is required.",
  tooLongText: "String value too large.",
  choice: '"{input}" is not a valid choice.',
  minimum: "Ensure this value is greater than or equal to {limit}.",
  maximum: "Ensure this value is less than or equal to {limit}.",
  maxLength: "Ensure this field has no more than {limit} characters.",
  minLength: "Ensure this field has at least {limit} characters.",
  nulCharacter: "Null characters are not allowed.",
  surrogate: "Surrogate characters are not allowed: U+{code}.",
  slug: 'Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.',
  email: "Enter a valid email address.",
  ip: "Enter a valid IPv4 or IPv6 address.",
  ipv4: "Enter a valid IPv4 address.",
  ipv6: "Enter a valid IPv6 address.",
  linkNoMatch: "Invalid hyperlink - No URL match.",
  linkWrongMatch: "Invalid hyperlink - Incorrect URL match.",
  linkMissing: "Invalid hyperlink - Object does not exist.",
  linkType: "Incorrect type. Expected URL string, received {type}.",
  unique: "This field must be unique.",
  uniqueTogether: "The fields {fields} must make a unique set.",
  filterChoice: "Select a valid choice. {input} is not one of the available choices.",
  filterRelation: "Select a valid choice. That choice is not one of the available choices.",
  filterNumber: "Enter a number.",
  unauthenticated: "Authentication credentials were not provided.",
  badPassword: "Invalid username/password.",
  badToken: "Invalid token.",
  bareBasic: "Invalid basic header. No credentials provided.",
  bareToken: "Invalid token header. No credentials provided.",
  forbidden: "You do not have permission to perform this action.",
  notFound: "Not found.",
  method: 'Method "{method}" not allowed.',
  mediaType: 'Unsupported media type "{type}" in request.',
  notAcceptable: "Could not satisfy the request Accept header.",
  invalidPage: "Invalid page.",
  loginFailed: "Unable to log in with provided credentials.",
  parse: "JSON parse error - {reason}",
  multipart: "Multipart form parse error - {reason}",
  throttled: "Request was throttled. Expected available in {seconds} seconds.",

  // our own rules
  spaceKey: "Key must be unique.",
  immutable: "This field cannot be changed.",
  interfaceElsewhere: "The interface belongs to another node.",
  interfaceTaken: "The interface already has a leg.",
  interfaceInUse: "The interface is in use by a leg.",
  ifname: "Enter a valid interface name: up to 15 characters, no slash, colon or white space.",
  password: "This password is too short. It must contain at least {limit} characters.",
  aggregatorInUse: "The aggregator is in use by a bond.",
  aggregatorOwn: "This appliance's own aggregator cannot be deleted.",
  aggregatorSame: "The secondary aggregator must be another than the primary.",
  spaceRoot: "The root space cannot be deleted.",
  spaceInUse: "The space is not empty.",
  userSelf: "Users cannot delete themselves.",
  lastAdministrator: "This is the last active superuser.",
  poolFull: "The tunnel pool {pool} has no subnet left.",
  full: "There may be no more than {limit} of these.",
} as const;

export type MessageName = keyof typeof MESSAGES;

/** A message with its `{name}`s filled in. */
export function say(name: MessageName, details: Readonly<Record<string, string | number>> = {}): string {
  return MESSAGES[name].replace(/\{(\w+)\}/g, (_, key: string) => String(details[key] ?? ""));
}

/** An answer that is no success: thrown on the way, sent as is. Inside a store transaction it undoes it. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    super(JSON.stringify(body));
    this.status = status;
    this.body = body;
  }
}

/** A refusal with a `detail`. */
export function refuse(
  status: number,
  name: MessageName,
  details: Readonly<Record<string, string | number>> = {},
): Refusal {
  return new Refusal(status, { detail: say(name, details) });
}

/** A value that a field does not take. */
export class Invalid extends Error {
  readonly messages: readonly string[];

  constructor(...messages: readonly string[]) {
    super(messages.join(" "));
    this.messages = messages;
  }
}

export function invalid(name: MessageName, details: Readonly<Record<string, string | number>> = {}): Invalid {
  return new Invalid(say(name, details));
}

/** What Python calls the type of a JSON value; the texts name it. */
export function pythonType(value: unknown): string {
  if (value === null) return "NoneType";
  if (Array.isArray(value)) return "list";
  if (typeof value === "string") return "str";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  return "dict";
}

/** Python's `str()` of a JSON value. */
export function pythonText(value: unknown, inner = false): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return inner ? `'${value.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}'` : value;
  if (Array.isArray(value)) return `[${value.map((one) => pythonText(one, true)).join(", ")}]`;
  if (typeof value === "object") {
    const pairs = Object.entries(value as object).map(([key, one]) => `'${key}': ${pythonText(one, true)}`);
    return `{${pairs.join(", ")}}`;
  }
  return String(value);
}
