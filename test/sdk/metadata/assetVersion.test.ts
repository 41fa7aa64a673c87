import { expect } from "chai";
import { id, ZeroAddress } from "ethers";

import { encodeAccount, walletAccount } from "../../../sdk/account.ts";
import { readDatanetVersion, readModelVersion } from "../../../sdk/metadata/assetVersion.ts";
import { formatTime, isTime } from "../../../sdk/metadata/dates.ts";
import { isLicenseExpression, licenseOfPage } from "../../../sdk/metadata/license.ts";
import {
  accountName,
  isChecksummed,
  parseAccountName,
  parseVersionName,
  versionName,
} from "../../../sdk/metadata/names.ts";
import { createShapeCheck } from "../../../sdk/metadata/problem.ts";
import { type Share, ShareKind } from "../../../sdk/share.ts";
import { Split } from "../../../sdk/split.ts";
import { CHAIN_ID, DATANETS, Example, MODELS, PEOPLE } from "./examples.ts";

const { alice } = PEOPLE;

describe("Versions read from the registries' events", () => {
  const example = new Example();
  const { state, datanet, base, fork } = example;
  const readModel = (splitId: string): unknown =>
    readModelVersion({ state, chainId: CHAIN_ID, models: MODELS, datanets: DATANETS, id: 3n, version: 1, splitId });

  it("have all that their splits are made of", () => {
    expect(datanet.contributions.map(({ units }) => units)).to.deep.equal([3n, 0n, 1n, 4n]);
    expect(datanet.wrapping.map(({ units }) => units)).to.deep.equal([9_000n, 1_000n]);
    expect(fork.builders).to.deep.equal([{ account: walletAccount(PEOPLE.tuner), units: 85n, evidence: id("work") }]);
    expect(fork.upstreams.map((upstream) => [upstream.kind, versionName(upstream), upstream.units])).to.deep.equal([
      ["datanet", versionName(datanet), 5n],
      ["model", versionName(base), 10n],
    ]);
  });

  it("are refused with a split that is not theirs", () => {
    const read = (splitId: string): unknown =>
      readDatanetVersion({ state, chainId: CHAIN_ID, registry: DATANETS, id: 1n, version: 1, splitId });
    expect(() => read(datanet.splitId)).to.throw(
      RangeError,
      /^Version 1 of Datanet 1 has the log 0x\w{64}, which 0x\w{64} does not pay\.$/,
    );
    expect(() => read(id("nothing"))).to.throw(
      RangeError,
      `No registry has made the split ${id("nothing")} up to block 0.`,
    );
  });

  it("are refused if they pay what has no name, or has another one", () => {
    const publish = (share: Share, logIndex: number): string => {
      const splitId = Split.from({ shares: [share] }).id;
      const version = { registry: "model", id: 3n, version: 1, splitId, arbiter: ZeroAddress } as const;
      state.apply({ name: "LineageVersionPublished", ...version, shares: [share], blockNumber: 2, logIndex });
      return splitId;
    };
    const unknown = { kind: ShareKind.Split, recipient: id("unknown"), units: 1n, evidence: id("evidence") };
    const nameless = publish(unknown, 0);
    expect(() => readModel(nameless)).to.throw(
      RangeError,
      `Split ${nameless} pays ${id("unknown")}, which is no version of a Datanet or model.`,
    );
    const renamed = publish({ ...unknown, recipient: base.splitId }, 1);
    expect(() => readModel(renamed)).to.throw(
      RangeError,
      `Split ${base.splitId} is paid by ${renamed} under another name than model 1.`,
    );
  });
});

describe("Names", () => {
  it("of accounts are read as they were written", () => {
    for (const tag of [0n, 7n, 2n ** 96n - 1n]) {
      const account = encodeAccount({ address: alice, tag });
      const name = accountName({ chainId: 1n, account });
      expect(parseAccountName(name)).to.deep.equal({ chainId: 1n, account });
    }
  });

  it("that are written otherwise are none", () => {
    const registry = "0x5B38Da6a701c568545dCfcB03FcB875f56beddC4";
    expect(parseVersionName(`eip155:1/erc721:${registry}/1#2`)).to.deep.equal({
      chainId: 1n,
      registry,
      id: 1n,
      version: 2,
    });
    for (const name of [
      `eip155:1/erc721:${registry.toLowerCase()}/1#2`,
      `eip155:01/erc721:${registry}/1#2`,
      `eip155:1/erc721:${registry}/0#2`,
      `eip155:1/erc721:${registry}/1`,
      `eip155:1/erc721:${registry}/${2n ** 256n}#2`,
    ]) {
      expect(parseVersionName(name), name).to.equal(undefined);
    }
    for (const name of [
      `did:pkh:eip155:1:${registry.toLowerCase()}`,
      `did:pkh:eip155:1:${registry}?tag=0`,
      `did:pkh:eip155:1:${registry}?tag=${2n ** 96n}`,
      `did:web:example.org`,
    ]) {
      expect(parseAccountName(name), name).to.equal(undefined);
    }
    expect(isChecksummed(registry)).to.be.true;
    expect(isChecksummed(registry.toLowerCase())).to.be.false;
    expect(isChecksummed("nobody")).to.be.false;
  });
});

describe("Licences", () => {
  it("are expressions of SPDX", () => {
    for (const text of ["MIT", "Apache-2.0 OR MIT", "GPL-2.0-only WITH Classpath-exception-2.0", "LicenseRef-own"]) {
      expect(isLicenseExpression(text), text).to.be.true;
    }
    for (const text of ["", "mit", "MIT OR", "Free"]) expect(isLicenseExpression(text), text).to.be.false;
  });

  it("have pages if they are in the list", () => {
    expect(licenseOfPage("https://spdx.org/licenses/MIT")).to.equal("MIT");
    expect(licenseOfPage("https://spdx.org/licenses/MIT.html")).to.equal("MIT");
    expect(licenseOfPage("https://spdx.org/licenses/LicenseRef-own.html")).to.equal(undefined);
    expect(licenseOfPage("https://spdx.org/licenses/MIT OR ISC.html")).to.equal(undefined);
  });
});

describe("Times", () => {
  it("are of the calendar, in UTC and full seconds", () => {
    expect(formatTime(0n)).to.equal("1970-01-01T00:00:00Z");
    expect(isTime("2024-02-29T23:59:59Z")).to.be.true;
    for (const text of ["2023-02-29T00:00:00Z", "2024-01-01", "2024-01-01T24:00:00Z", "2024-01-01T00:00:00.5Z"]) {
      expect(isTime(text), text).to.be.false;
    }
  });
});

describe("Checks of shapes", () => {
  it("need a schema that says what to write", () => {
    const check = createShapeCheck<string>({ type: "string" });
    expect(() => check(1)).to.throw(TypeError, 'A part of a schema says nothing to write: {"type":"string"}.');
  });
});
