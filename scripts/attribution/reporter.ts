import { Reporter } from "../../sdk/node/reporter.ts";
import { parseOptions, runScript } from "../lib/script.ts";
import { runUnattended, UNATTENDED_OPTIONS } from "./open.ts";

const USAGE =
  "npm run reporter -- --network <name> [--pot <number>]... [--once] [--data <directory>] [--directory <directory>] [--account <address>] [--seconds <number>] [--confirmations <number>] [--deployments <directory> | --reports <address> --from <block>]";

await runScript(async () => {
  const values = parseOptions({ usage: USAGE, options: UNATTENDED_OPTIONS });
  await runUnattended({ values, name: "reporter", start: (options) => new Reporter(options) });
});
