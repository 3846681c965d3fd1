// A program with the generated types. It compiles, and each marked line would fail without its mark.
import type { operations } from "./api";

type Problem<Operation extends keyof operations, Status extends number> = operations[Operation]["responses"] extends {
  [status in Status]: { content: { "application/problem+json": infer Document } };
}
  ? Document
  : never;

export function next(problem: Problem<"book_appointment_patient", 409> | Problem<"book_appointment_patient", 403>): string {
  if (problem.status === 403) return problem.code === "address_not_verified" ? "verify" : "ask the desk";
  switch (problem.code) {
    case "slot_taken":
    case "outside_hours":
      return "choose another time";
    // @ts-expect-error  A price has nothing to do with it.
    case "price_exists":
      return "never";
    default:
      return problem.detail;
  }
}

export type Visit = operations["book_appointment_patient"]["responses"][201]["content"]["application/json"];
export const isOver = (visit: Visit): boolean => visit.status === "fulfilled";
// @ts-expect-error  No visit has this status.
export const isOdd = (visit: Visit): boolean => visit.status === "odd";
