// Errors as HP's controller says them: {"error": "<Java class>", "message": "<text>"}. Clients look for the class names.

import type { AppError, ErrorCode } from "../../base/errors.js";
import { json, type Reply } from "../../http/table.js";

const NOT_FOUND = "com.hp.api.NotFoundException";
const BAD_REQUEST = "com.hp.api.BadRequestException";

/** The Java class of a catalogue error; by status for codes that are not listed. */
const CLASSES: Partial<Record<ErrorCode, string>> = {
  OPENFLOW_VALUE: "java.lang.IllegalArgumentException",
  BODY_INVALID: "java.lang.IllegalArgumentException",
  OPENFLOW_JSON: BAD_REQUEST,
  BODY_NOT_JSON: BAD_REQUEST,
  OPENFLOW_VERSION: "com.hp.of.lib.VersionMismatchException",
  OPENFLOW_BEFORE_1_3: "com.hp.of.lib.VersionMismatchException",
  OPENFLOW_REFUSED: "java.lang.IllegalStateException",
  INTERNAL: "java.lang.RuntimeException",
};

const BY_STATUS: Readonly<Record<number, string>> = {
  400: BAD_REQUEST,
  401: "com.hp.api.UnauthorizedException",
  403: "com.hp.api.ForbiddenException",
  404: NOT_FOUND,
  405: "com.hp.api.MethodNotAllowedException",
  413: BAD_REQUEST,
  415: BAD_REQUEST,
  429: "com.hp.api.TooManyRequestsException",
  503: "com.hp.api.ServiceUnavailableException",
};

/** Renders any error of the surface. */
export function problem(error: AppError): Reply {
  const name = CLASSES[error.code] ?? BY_STATUS[error.status] ?? "java.lang.RuntimeException";
  return json(error.status, { error: name, message: error.message });
}
