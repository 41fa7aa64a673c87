import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import path from "node:path";

import type { TextSource } from "../../sdk/scenario/contributions.ts";
import { MAX_TEXT_BYTES } from "../../sdk/scenario/limits.ts";
import { readScenario } from "../../sdk/scenario/readScenario.ts";
import type { Scenario } from "../../sdk/scenario/scenario.ts";
import { UserError } from "../lib/script.ts";

/**
 * Reads a scenario and the texts beside it.
 *
 * @param seed Instead of the file's.
 */
export function readScenarioFile(file: string, seed?: number): Scenario {
  let text: Uint8Array;
  try {
    text = readFileSync(file);
  } catch {
    throw new UserError(
      `There is no file ${file} that can be read. Name a scenario, such as scenarios/lightweight-start.yaml.`,
    );
  }
  return readScenario({ file, text, seed, ...textsIn(path.dirname(file)) });
}

/** Texts in a folder. Nothing outside of it is read, wherever links lead. */
export function textsIn(folder: string): TextSource {
  const root = realpathSync(folder);

  const locate = (name: string, what: string): string => {
    let place: string;
    try {
      place = realpathSync(path.join(root, name));
    } catch {
      throw new Error(`There is no ${what} ${name} in the scenario's folder; write a path from there.`);
    }
    if (place.startsWith(root + path.sep)) return place;
    throw new Error(`${name} leads out of the scenario's folder; put a copy into it.`);
  };

  return {
    readText(name) {
      const place = locate(name, "file");
      const stat = statSync(place);
      if (!stat.isFile())
        throw new Error(`${name} is no file; write the path of a file, or \`folder\` instead of \`file\`.`);
      if (stat.size > MAX_TEXT_BYTES)
        throw new Error(
          `${name} has ${stat.size.toLocaleString("en")} bytes; a text can have ${MAX_TEXT_BYTES.toLocaleString("en")}. Make several contributions of it.`,
        );
      return readFileSync(place);
    },
    listFolder(name) {
      const place = locate(name, "folder");
      if (!statSync(place).isDirectory())
        throw new Error(`${name} is no folder; write the path of a folder, or \`file\` instead of \`folder\`.`);
      return readdirSync(place).filter((entry) => !entry.startsWith(".") && statSync(path.join(place, entry)).isFile());
    },
  };
}
