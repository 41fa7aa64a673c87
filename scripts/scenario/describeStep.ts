import type { Scenario } from "../../sdk/scenario/scenario.ts";
import type { Step } from "../../sdk/scenario/step.ts";

/** A step as people name it. */
export function describeStep({ people, datanets, assets, operators, services }: Scenario, step: Step): string {
  switch (step.kind) {
    case "period":
      return `the begin of period ${step.period + 1}`;
    case "createDatanet":
      return `the creation of ${datanets[step.datanet].name}`;
    case "accept":
      return `contributions to ${datanets[step.datanet].name}`;
    case "revoke":
      return `a revocation in ${datanets[step.datanet].name}`;
    case "publish":
      return `version ${step.version} of ${assets[step.asset].name}`;
    case "stake":
      return `the stake of ${people[step.staker].name}`;
    case "setCommission":
      return `the commission of ${operators[step.operator].name}`;
    case "serve":
    case "serveVersion":
    case "setRates":
    case "setActive":
      return `the service ${services[step.service].name}`;
    case "propose":
      return "a proposal for other fees";
    case "enact":
      return "the execution of a proposal";
    case "deposit":
      return `the deposit of ${people[step.person].name}`;
    case "fundChannel":
      return `the channel of ${people[step.payer].name}`;
    case "pay":
      return `payment ${step.number + 1}, of ${people[step.payer].name}`;
    case "settle":
      return `the settlement of ${services[step.split.service].name}`;
    case "sweep":
      return `the sweep of ${services[step.split.service].name}`;
    case "release":
      return `the earnings of ${people[step.person].name}`;
    case "claim":
      return `the claim of ${people[step.person].name}`;
    case "equivocate":
    case "dispute":
      return `the case against ${operators[step.operator].name}`;
    case "duplicate":
      return `the copy in ${datanets[step.datanet].name}`;
    case "releaseAll":
      return "the last release";
  }
}
