import { VOUCHER_ERRORS } from "../../sdk/voucherCheck.ts";

/** Why operators refuse vouchers, with the status to answer. */
export function renderVoucherErrors(): Promise<string> {
  const rows = Object.entries(VOUCHER_ERRORS).map(([code, { http, meaning }]) => `| ${code} | ${http} | ${meaning} |`);
  return Promise.resolve(["| code | status | meaning |", "| --- | ---: | --- |", ...rows].join("\n"));
}
