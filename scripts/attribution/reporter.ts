import { Reporter } from "../../sdk/node/reporter.ts";
import { parseOptions, runScript } from "../lib/script.ts";
import { readAmount, readCount, runUnattended, type Unattended, UNATTENDED_OPTIONS } from "./open.ts";

const USAGE =
  "npm run reporter -- --network <name> [--pot <number>]... [--once] [--least <OPEN>] [--patience <seconds>] [--data <directory>] [--directory <directory>] [--account <address>] [--seconds <number>] [--confirmations <number>] [--deployments <directory> | --reports <address> --from <block>]";

await runScript(async () => {
  const values = parseOptions({
    usage: USAGE,
    options: {
      ...UNATTENDED_OPTIONS,
      least: { type: "string", default: "0" },
      patience: { type: "string", default: "3600" },
    },
  });
  const least = readAmount("least", values.least);
  const patienceSeconds = readCount("patience", values.patience);
  const start = (options: Unattended): Reporter => new Reporter({ ...options, least, patienceSeconds });
  await runUnattended({ values, name: "reporter", start });
});
