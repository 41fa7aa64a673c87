import { globSync } from "node:fs";
import { createRequire } from "node:module";

import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { config as loadDotenv } from "dotenv";
import { configVariable, defineConfig } from "hardhat/config";
import type { EdrNetworkUserConfig } from "hardhat/types/config";
import type { HardhatPlugin } from "hardhat/types/plugins";

import { verbTasks } from "./tasks/index.ts";
import { generateTwins, TWINS_SOURCES, type TwinsPipeline } from "./test/twins/generate.ts";

loadDotenv({ quiet: true });
generateTwins();

const compiler = {
  version: "0.8.37",
  // The compiler of the npm package, so that a build downloads nothing.
  path: createRequire(import.meta.url).resolve("solc/soljson.js"),
};

/** Which code was reached does not depend on how much it is optimized. */
const measuresCoverage = process.argv.includes("--coverage");

const settingsOf: Record<TwinsPipeline | "deployed", object> = {
  plain: { optimizer: { enabled: false } },
  yul: {
    viaIR: true,
    optimizer: {
      enabled: false,
      details: {
        peephole: true,
        jumpdestRemover: true,
        deduplicate: true,
        yul: true,
        yulDetails: { stackAllocation: true, optimizerSteps: "u" },
      },
    },
  },
  optimized: { optimizer: { enabled: true, runs: 1 } },
  deployed: { viaIR: true, optimizer: { enabled: true, runs: 1_000_000 } },
};

/** Twins only need to behave, and there are many of them: the less is optimized, the faster they compile. */
const TWINS = Object.fromEntries(
  TWINS_SOURCES.map(({ source, pipeline }) => [
    source,
    { ...compiler, settings: { evmVersion: "osaka", ...settingsOf[pipeline] } },
  ]),
);

/** The compiler cannot write what all of it comes to at once; other settings, if in name only, are another run of it. */
const APART_FOR_COVERAGE = Object.fromEntries(
  globSync("contracts/{attribution,staking,disputes,governance}/*.sol").map((source) => [
    source,
    { ...compiler, settings: { evmVersion: "osaka", ...settingsOf.yul, debug: { revertStrings: "default" } } },
  ]),
);

// Hardhat reports usage from interactive terminals unless told otherwise.
process.env.HARDHAT_DISABLE_TELEMETRY ??= "true";

/** Hides compiler warnings about dependencies, which are not ours to fix. Those about our own files are all shown. */
const quietDependencies: HardhatPlugin = {
  id: "quiet-dependencies",
  hookHandlers: {
    solidity: async () => ({
      default: async () => ({
        getCompilationJobErrors: async (context, job, output, next) => {
          const errors = await next(context, job, output);
          return errors.filter(
            ({ severity, formattedMessage }) =>
              severity === "error" || !/\/node_modules\/|\/test\/twins\/generated\//.test(formattedMessage ?? ""),
          );
        },
      }),
    }),
  },
};

const embeddedChain: EdrNetworkUserConfig = { type: "edr-simulated", chainType: "l1", hardfork: "osaka" };

/** Solidity tests read the same vectors as the SDK's. */
const goldenVectors = { readDirectory: ["test/vectors"] };

export default defineConfig({
  plugins: [hardhatToolboxMochaEthers, quietDependencies],
  tasks: verbTasks,
  paths: {
    sources: ["contracts", "test/mocks", "test/twins"],
    // Code instrumented for coverage is kept apart, so that nothing else deploys or measures it. It needs neither twins nor
    // Solidity tests, of which there are none among the mocks.
    ...(measuresCoverage
      ? {
          sources: ["contracts", "test/mocks"],
          tests: { solidity: "test/mocks" },
          artifacts: "coverage/artifacts",
          cache: "coverage/cache",
        }
      : {}),
  },
  solidity: {
    npmFilesToBuild: [
      "@openzeppelin/contracts/access/manager/AccessManager.sol",
      "@openzeppelin/contracts/governance/TimelockController.sol",
    ],
    compilers: [
      { ...compiler, settings: { evmVersion: "osaka", ...settingsOf[measuresCoverage ? "yul" : "deployed"] } },
    ],
    overrides: measuresCoverage ? APART_FOR_COVERAGE : TWINS,
  },
  typechain: { outDir: "typechain-types", tsNocheck: true },
  networks: {
    // `default` is what Hardhat uses when no network is named, `node` what `hardhat node` serves.
    default: embeddedChain,
    hardhat: embeddedChain,
    node: embeddedChain,
    localhost: {
      type: "http",
      chainType: "l1",
      url: configVariable("LOCALHOST_RPC_URL", { default: "http://127.0.0.1:8545" }),
    },
    testnet: {
      type: "http",
      chainType: "l1",
      url: configVariable("TESTNET_RPC_URL"),
      accounts: [configVariable("TESTNET_PRIVATE_KEY")],
    },
  },
  coverage: { skipFiles: ["test/**"] },
  test: {
    mocha: { timeout: 60_000 },
    solidity: {
      profiles: {
        default: {
          // The same runs each time, so that a change is to blame for what it breaks; `deep` draws a new seed.
          fuzz: { runs: 256, seed: process.env.FUZZ_SEED ?? "0x6f70656e" },
          invariant: { runs: 256, depth: 100, failOnRevert: true },
          fsPermissions: goldenVectors,
        },
        deep: {
          fuzz: { runs: 1_000_000 },
          invariant: { runs: 2_000, depth: 300, failOnRevert: true },
          fsPermissions: goldenVectors,
        },
      },
    },
  },
});
