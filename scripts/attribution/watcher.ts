import { Watcher } from "../../sdk/node/watcher.ts";
import { parseOptions, runScript } from "../lib/script.ts";
import { readCount, runUnattended, UNATTENDED_OPTIONS } from "./open.ts";

const USAGE =
  "npm run watcher -- --network <name> [--pot <number>]... [--once] [--demands <number>] [--data <directory>] [--directory <directory>] [--account <address>] [--seconds <number>] [--confirmations <number>] [--deployments <directory> | --reports <address> --from <block>]";

await runScript(async () => {
  const options = { ...UNATTENDED_OPTIONS, demands: { type: "string", default: "4" } } as const;
  const values = parseOptions({ usage: USAGE, options });
  const demands = readCount("demands", values.demands);
  await runUnattended({ values, name: "watcher", start: (given) => new Watcher({ ...given, demands }) });
});
