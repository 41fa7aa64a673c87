import { UserError } from "../../scripts/lib/script.ts";
import { facts, open } from "../lib/format.ts";
import { formatAsset } from "../lib/references.ts";
import { knownSplit, shareTable, sharesOf } from "../lib/splits.ts";
import type { Runs } from "../rooms.ts";
import type { SERVICES } from "../verbs/money.ts";

export const runs: Runs<typeof SERVICES> = {
  register: async (context, { asset, rateIn, rateOut, endpoint }) => {
    if (asset.kind === "datanet") throw new UserError("Services serve models and agents, such as model:1@1.");
    const { id, version } = await context.version(asset);
    const registry = await context.registryOf(asset).getAddress();
    const { services } = context.protocol;
    const transaction = await services.register.populateTransaction(registry, id, version, rateIn, rateOut, endpoint);
    const name = formatAsset({ kind: asset.kind, id, version });
    return {
      steps: [{ what: `Registers a service of ${name}.`, transaction }],
      report: (done) => {
        const service = done.uint("ServiceRegistered", "serviceId");
        return {
          says: [
            `Service ${service} serves ${name} at ${endpoint}: ${open(rateIn)} per 1,000 tokens in, ${open(rateOut)} out.`,
          ],
          result: { id: service, operator: context.me },
        };
      },
    };
  },

  price: async (context, { service, rateIn, rateOut }) => {
    await context.service(service);
    const transaction = await context.protocol.services.setRates.populateTransaction(service, rateIn, rateOut);
    return {
      steps: [{ what: `Changes the price of service ${service}.`, transaction }],
      report: () => ({
        says: [`It is ${open(rateIn)} per 1,000 tokens in, ${open(rateOut)} out.`],
        result: { rateIn, rateOut },
      }),
    };
  },

  serve: async (context, { service, assetVersion }) => {
    await context.service(service);
    const transaction = await context.protocol.services.setVersion.populateTransaction(service, assetVersion);
    return {
      steps: [{ what: `Has service ${service} serve version ${assetVersion}.`, transaction }],
      report: () => ({
        says: ["Payments to the old version's split stay its own."],
        result: { version: assetVersion },
      }),
    };
  },

  active: async (context, { service, off }) => {
    await context.service(service);
    const transaction = await context.protocol.services.setActive.populateTransaction(service, !off);
    return {
      steps: [{ what: `Has service ${service} ${off ? "cease" : "begin"} to take calls.`, transaction }],
      report: () => ({ says: [off ? "It takes none." : "It takes calls."], result: { active: !off } }),
    };
  },

  quote: async (context, { service, tokensIn, tokensOut, calls }) => {
    await context.service(service);
    const quote = await context.quote(service, tokensIn, tokensOut, calls);
    const cost = quote.net + quote.platformFee;
    return {
      says: [
        `${calls} call(s) of service ${service} cost ${open(cost)} now.`,
        facts({ "the service": open(quote.net), "platform fee": open(quote.platformFee) }),
      ],
      result: { ...quote, cost },
    };
  },

  show: async (context, { service }) => {
    const { services, staking } = context.protocol;
    const { operator, active, registry, assetId, assetVersion, rateIn, rateOut } = await context.service(service);
    const [splitId, eligible, registries] = await Promise.all([
      services.splitOf(service),
      staking.isEligible(operator),
      context.registries(),
    ]);
    const asset = formatAsset({ kind: context.kindOf(registry), id: assetId, version: assetVersion });
    const name = `service ${service}`;
    const shares = sharesOf(context, registries, knownSplit(registries, { splitId, name }));
    const state = active ? (eligible ? "takes calls" : "has too little stake to take calls") : "takes no calls";
    return {
      says: [
        `Service ${service} ${state}.`,
        facts({
          operator: context.people.nameOf(operator),
          serves: asset,
          price: `${open(rateIn)} per 1,000 tokens in, ${open(rateOut)} out`,
          split: splitId,
        }),
        shareTable(shares),
      ],
      result: { operator, active, eligible, asset, rateIn, rateOut, splitId, shares },
    };
  },
};
