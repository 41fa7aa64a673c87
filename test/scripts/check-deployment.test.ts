import { expect } from "chai";
import { Interface, toBeHex } from "ethers";

import { NODE_COMMANDS } from "../helpers/node.ts";
import type { ScriptResult } from "../helpers/script.ts";
import type { Workspace } from "../helpers/workspace.ts";
import { createWorkspace } from "../helpers/workspace.ts";

const LOCALHOST = ["--network", "localhost"];

/** The committee that `ignition/parameters/localhost.json5` names. */
const COMMITTEE = [
  "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955",
  "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
  "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720",
];

/** Members of roles as they are printed, with others in the committee. */
function members(...others: string[]): string {
  const committee = [...COMMITTEE, ...others].map((member) => `COMMITTEE ${member}`);
  const contracts = ["ADMIN timelock", "ARBITRATION timelock after 5184000 s", "PARAMETERS timelock", "SLASHER court"];
  return [...contracts, ...committee].sort().join(", ");
}

describe("check-deployment", function () {
  let workspace: Workspace;

  beforeEach(async () => {
    workspace = await createWorkspace();
  });

  afterEach(async () => {
    await workspace.dispose();
  });

  async function check(args: string[]): Promise<ScriptResult> {
    return await workspace.run({ script: "check-deployment", args });
  }

  it("rehearses on the embedded chain", async () => {
    const { exitCode, output } = await check(["--network", "hardhat"]);
    expect(exitCode).to.equal(0);
    expect(output).to.match(/The chain shows all \d+ facts as expected\.\n$/);
    expect(output).not.to.contain("DIFF");
    expect(output).to.match(/^ok +deployer +roles +none$/m);
    for (const contract of ["AuthorizationBatch", "PaymentChannels", "JobEscrow"]) {
      expect(output).to.match(new RegExp(`^ok +${contract} +code`, "m"));
      expect(output).to.match(new RegExp(`^ok +${contract} +ledger +0x`, "m"));
    }
  });

  it("names the parameters and the code that differ", async () => {
    const node = await workspace.startNode(NODE_COMMANDS.anvil);
    await workspace.run({ script: "deploy", args: LOCALHOST });

    const file = await workspace.changeParameters({ operatorBps: 4001 });
    const parameters = await check([...LOCALHOST, "--parameters", file]);
    expect(parameters).to.include({ exitCode: 1 });
    expect(parameters.output.match(/^DIFF.*$/gm)).to.have.lengthOf(1);
    expect(parameters.output).to.match(/^DIFF FeePolicy +operatorBps +4000, expected 4001$/m);
    expect(parameters.errors).to.match(/^The chain differs in 1 of \d+ facts\.\n$/);

    const { contracts } = (await workspace.readRecord("chain-31337.json")) as { contracts: { ledger: string } };
    await node.request("anvil_setCode", contracts.ledger, "0x00");
    const code = await check(LOCALHOST);
    expect(code).to.include({ exitCode: 1 });
    expect(code.output).to.match(/^DIFF AttributionLedger +code/m);
  });

  it("finds every role that was given to somebody since, the deployer's by name", async () => {
    const node = await workspace.startNode(NODE_COMMANDS.anvil);
    await workspace.run({ script: "deploy", args: LOCALHOST });
    const { contracts, deployer } = (await workspace.readRecord("chain-31337.json")) as {
      contracts: Record<"access" | "timelock", string>;
      deployer: string;
    };
    const roles = new Interface(["function grantRole(uint64 roleId, address account, uint32 executionDelay)"]);
    const from = contracts.timelock;
    await node.request("anvil_impersonateAccount", from);
    await node.request("anvil_setBalance", from, toBeHex(10n ** 18n));
    const data = roles.encodeFunctionData("grantRole", [3n, deployer, 0n]);
    await node.request("eth_sendTransaction", { from, to: contracts.access, data });

    const { exitCode, output, errors } = await check(LOCALHOST);
    expect(exitCode).to.equal(1);
    expect(output.match(/^DIFF.*$/gm)).to.deep.equal([
      `DIFF AccessManager      members                   ${members(deployer)}, expected ${members()}`,
      "DIFF deployer           roles                     COMMITTEE, expected none",
    ]);
    expect(errors).to.match(/^The chain differs in 2 of \d+ facts\.\n$/);
  });

  it("asks for a deployment if there is none", async () => {
    await workspace.startNode(NODE_COMMANDS.anvil);
    const { exitCode, errors } = await check(LOCALHOST);
    expect(errors).to.match(
      /^No finished deployment on chain 31337 is recorded .* "npm run deploy -- --network localhost"\.\n$/,
    );
    expect(exitCode).to.equal(1);
  });

  it("refuses a chain that is not the recorded one", async () => {
    await workspace.startNode(NODE_COMMANDS.anvil);
    await workspace.run({ script: "deploy", args: LOCALHOST });
    await workspace.startNode(NODE_COMMANDS["hardhat node"]);

    const { exitCode, errors } = await check(LOCALHOST);
    expect(errors).to.match(/belongs to another chain with the id 31337.*--reset"\.\n$/);
    expect(exitCode).to.equal(1);
  });
});
