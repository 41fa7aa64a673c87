import { task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { NewTaskDefinition } from "hardhat/types/tasks";

import type { Option, Verb } from "./lib/verb.ts";
import { VERBS } from "./verbs.ts";

/** What every verb takes beside its own options. */
export const COMMON_OPTIONS: Record<string, string> = {
  deployments: "Directory of the records of deployments; ignition/deployments without it.",
};

/** What every verb takes that sends or signs. */
export const SIGNING_OPTIONS: Record<string, string> = {
  from: "Who signs: an account of the node by name (alice), number or address. The first one without it.",
  wallet: "Who signs: a key of your own by its name; ALICE stands for ALICE_PRIVATE_KEY in .env or the keystore.",
};

export const JSON_FLAG = "Print one JSON document and nothing else; amounts in the smallest unit.";
export const DRY_RUN_FLAG = "Send nothing: show what would be sent, and try it.";

/** The verbs as tasks of Hardhat. What they do is loaded when one is run. */
export const verbTasks = VERBS.map(taskOf);

function taskOf(verb: Verb): NewTaskDefinition {
  const builder = task(verb.name, verb.description);
  const options = { ...describe(verb.options), ...COMMON_OPTIONS, ...(verb.signs ? SIGNING_OPTIONS : {}) };
  for (const [name, description] of Object.entries(options)) {
    if (isFlag(verb, name)) builder.addFlag({ name, description });
    else builder.addOption({ name, description, type: ArgumentType.STRING_WITHOUT_DEFAULT, defaultValue: undefined });
  }
  builder.addFlag({ name: "json", description: JSON_FLAG });
  if (verb.signs) builder.addFlag({ name: "dryRun", description: DRY_RUN_FLAG });
  return builder
    .setAction(async () => {
      const { runVerb } = await import("./lib/run.ts");
      return {
        default: async (raw, hre) => {
          await runVerb({ verb, raw, hre });
        },
      };
    })
    .build();
}

function isFlag({ options }: Verb, name: string): boolean {
  return name in options && options[name].kind === "flag";
}

function describe(options: Record<string, Option>): Record<string, string> {
  return Object.fromEntries(Object.entries(options).map(([name, option]) => [name, describeOption(option)]));
}

/** An option in a sentence, with what it is if left out. */
export function describeOption({ description, required, default: value, choices }: Option): string {
  const notes = [
    ...(required === true ? ["Required."] : []),
    ...(choices === undefined ? [] : [`One of ${choices.join(", ")}.`]),
    ...(value === undefined || value === "" ? [] : [`Default: ${value}.`]),
  ];
  return [description, ...notes].join(" ");
}
