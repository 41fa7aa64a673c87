import { parentPort, workerData } from "node:worker_threads";

import { Attributor } from "../attribution/attribute.ts";
import { GramIndex, type IndexParts } from "../attribution/gramIndex.ts";
import { packAttributions, type PackedOutputs, unpackOutputs } from "./attributionMessages.ts";

const attributor = new Attributor(GramIndex.fromParts({ parts: workerData as IndexParts }));

parentPort?.on("message", (message: PackedOutputs) => {
  const { contributions } = message;
  const attributions = unpackOutputs(message).map((output) => attributor.attribute(output, { contributions }));
  const packed = packAttributions(attributions);
  parentPort?.postMessage(packed, [packed.buffer]);
});
