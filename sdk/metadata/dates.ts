const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
const SECOND = 1_000;

/**
 * A block's time as both kinds of documents write it: UTC, in full seconds.
 *
 * @throws RangeError if no calendar has that time.
 */
export function formatTime(seconds: bigint): string {
  return new Date(Number(seconds) * SECOND).toISOString().replace(".000Z", "Z");
}

/** Whether a text is a time of the calendar as `formatTime` writes it. */
export function isTime(text: string): boolean {
  if (!DATE_TIME.test(text)) return false;
  const milliseconds = Date.parse(text);
  return !Number.isNaN(milliseconds) && formatTime(BigInt(milliseconds / SECOND)) === text;
}
