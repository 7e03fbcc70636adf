/**
 * The time formats of answers. The rule: which precision a field has is a property of the field, see the API.
 */

/** `2026-01-02T03:04Z`: the instance fields. */
export function minutes(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16)}Z`;
}

/** `2026-01-02T03:04:05Z`: everything else. */
export function seconds(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
