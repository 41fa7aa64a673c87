import { expect } from "chai";
import { concat, getAddress, id, Signature, Wallet, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { type Claim, claimTypedData } from "../../sdk/claim.ts";
import { prepareClaim, type SignedClaim } from "../helpers/claims.ts";
import { delegate } from "../helpers/delegation.ts";
import { accountOf, accountShare, drawOf, splitOf } from "../helpers/shares.ts";
import { withTwin, worksOn } from "../helpers/twins.ts";
import { deployWorld, type World } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const BAD_SIGNATURE = "AttributionLedger_BadClaimSignature";

/** What Alice signs: 1,000 at least half of which is to arrive, for a fee of one. */
const SIGNED = { minAmount: 500n, fee: 1n, nonce: 0n, deadline: 2_000_000_000n };

describe("signatures of relayed claims", () => {
  describe("a signed field that the relayer changes", () => {
    const fields: {
      field: keyof Claim;
      twin: `AttributionLedger_${string}`;
      change: (world: World) => Partial<Claim>;
    }[] = [
      { field: "to", twin: "AttributionLedger_ToNotSigned", change: ({ mallory }) => ({ to: mallory.address }) },
      { field: "minAmount", twin: "AttributionLedger_MinAmountNotSigned", change: () => ({ minAmount: 0n }) },
      { field: "fee", twin: "AttributionLedger_FeeNotSigned", change: () => ({ fee: 999n }) },
      { field: "deadline", twin: "AttributionLedger_DeadlineNotSigned", change: () => ({ deadline: 2n ** 200n }) },
    ];
    for (const { field, twin, change } of fields) {
      describe(`(${field})`, () => {
        const attack = async (world: World): Promise<void> => {
          const { ledger, alice, mallory } = world;
          const { draws, claim, signature } = await prepareClaim({ ledger, signer: alice, ...SIGNED });
          await ledger.connect(mallory).claimWithSignature(draws, { ...claim, ...change(world) }, signature);
        };

        it("is refused", async () => {
          const world = await loadFixture(deployFunded);
          await expect(attack(world)).to.be.revertedWithCustomError(world.ledger, BAD_SIGNATURE).withArgs(world.alice);
        });

        it(worksOn(twin), async () => {
          const world = await fundedTwin(twin);
          await attack(world);
          expect(await world.ledger.balanceOf(accountOf(world.alice))).to.equal(0n);
        });
      });
    }

    describe("(account)", () => {
      const twin = "AttributionLedger_AccountNotSigned";
      // Alice has two contract wallets under one key. What she signs for the first one is tried on the second one.
      const attack = async ({ ledger, alice, mallory }: World) => {
        const signedFor = await (await ethers.deployContract("KeyWallet", [alice])).getAddress();
        const account = await (await ethers.deployContract("KeyWallet", [alice])).getAddress();
        await ledger.deposit(accountOf({ address: account }), 1_000n);
        const { draws, claim, signature } = await prepareClaim({ ledger, signer: alice, account: signedFor });
        return await ledger.connect(mallory).claimWithSignature(draws, { ...claim, account }, signature);
      };

      it("is refused", async () => {
        const world = await loadFixture(deployFunded);
        await expect(attack(world)).to.be.revertedWithCustomError(world.ledger, BAD_SIGNATURE);
      });

      it(worksOn(twin), async () => {
        const world = await fundedTwin(twin);
        await expect(attack(world)).to.changeTokenBalances(ethers, world.token, [world.ledger], [-1_000n]);
      });
    });

    describe("(draws)", () => {
      const twin = "AttributionLedger_DrawsNotSigned";
      const attack = async ({ ledger, alice, mallory }: World): Promise<void> => {
        const split = await splitOf([accountShare({ to: alice, units: 1n })]);
        await ledger.pay(split.id, 1_000n, 1n, ZeroHash);
        const { claim, signature } = await prepareClaim({ ledger, signer: alice, ...SIGNED });
        await ledger.connect(mallory).claimWithSignature(drawOf(split, 0), claim, signature);
      };

      it("is refused", async () => {
        const world = await loadFixture(deployFunded);
        await expect(attack(world)).to.be.revertedWithCustomError(world.ledger, BAD_SIGNATURE).withArgs(world.alice);
      });

      it(worksOn(twin), async () => {
        const world = await fundedTwin(twin);
        await attack(world);
        expect(await world.token.balanceOf(world.alice)).to.equal(1_999n);
      });
    });

    describe("(nonce)", () => {
      const twin = "AttributionLedger_NonceNotSigned";
      const attack = async ({ ledger, alice, mallory }: World): Promise<void> => {
        const { draws, claim, signature } = await prepareClaim({ ledger, signer: alice, ...SIGNED });
        for (const nonce of [0n, 1n]) {
          await ledger.deposit(accountOf(alice), 1_000n);
          await ledger.connect(mallory).claimWithSignature(draws, { ...claim, nonce }, signature);
        }
      };

      it("is refused", async () => {
        const world = await loadFixture(deployFunded);
        await expect(attack(world)).to.be.revertedWithCustomError(world.ledger, BAD_SIGNATURE).withArgs(world.alice);
      });

      it(worksOn(twin), async () => {
        const world = await fundedTwin(twin);
        await attack(world);
        expect(await world.token.balanceOf(world.mallory)).to.equal(2n); // Two fees for one signature.
      });
    });
  });

  describe("a claim submitted again", () => {
    const twin = "AttributionLedger_NoNonce";
    const attack = async ({ ledger, alice, mallory }: World): Promise<void> => {
      const { draws, claim, signature } = await prepareClaim({ ledger, signer: alice, ...SIGNED });
      for (let i = 0; i < 2; i++) {
        await ledger.deposit(accountOf(alice), 1_000n);
        await ledger.connect(mallory).claimWithSignature(draws, claim, signature);
      }
    };

    it("is refused", async () => {
      const world = await loadFixture(deployFunded);
      await expect(attack(world))
        .to.be.revertedWithCustomError(world.ledger, "InvalidAccountNonce")
        .withArgs(world.alice, 1n);
    });

    it(worksOn(twin), async () => {
      const world = await fundedTwin(twin);
      await attack(world);
      expect(await world.token.balanceOf(world.mallory)).to.equal(2n);
    });
  });

  describe("a claim held back until after its deadline", () => {
    const twin = "AttributionLedger_NoDeadline";
    const attack = async ({ ledger, alice, mallory }: World): Promise<bigint> => {
      const deadline = BigInt(await time.latest()) + 10n;
      const { draws, claim, signature } = await prepareClaim({ ledger, signer: alice, ...SIGNED, deadline });
      await time.setNextBlockTimestamp(deadline + 1n);
      await ledger.connect(mallory).claimWithSignature(draws, claim, signature);
      return deadline;
    };

    it("is refused", async () => {
      const world = await loadFixture(deployFunded);
      await expect(attack(world)).to.be.revertedWithCustomError(world.ledger, "AttributionLedger_ClaimExpired");
    });

    it(worksOn(twin), async () => {
      const world = await fundedTwin(twin);
      await attack(world);
      expect(await world.ledger.balanceOf(accountOf(world.alice))).to.equal(0n);
    });
  });

  describe("a fee that leaves the signer nothing", () => {
    const twin = "AttributionLedger_FeeTakesAll";
    // The fee was a fair part of what Alice expected; others' releases have taken most of it elsewhere since.
    const attack = async ({ ledger, alice, mallory }: World): Promise<void> => {
      const { draws, claim, signature } = await prepareClaim({ ledger, signer: alice, fee: 1_000n });
      await ledger.connect(mallory).claimWithSignature(draws, claim, signature);
    };

    it("is refused", async () => {
      const world = await loadFixture(deployFunded);
      await expect(attack(world))
        .to.be.revertedWithCustomError(world.ledger, "AttributionLedger_ClaimTooSmall")
        .withArgs(1_000n, 0n, 1_000n);
    });

    it(worksOn(twin), async () => {
      const world = await fundedTwin(twin);
      await attack(world);
      expect(await world.token.balanceOf(world.mallory)).to.equal(1_000n);
      expect(await world.token.balanceOf(world.alice)).to.equal(0n);
    });
  });

  describe("a claim submitted when there is less than the signer asks for", () => {
    const twin = "AttributionLedger_NoMinAmount";
    const attack = async ({ ledger, alice, mallory }: World): Promise<void> => {
      const { draws, claim, signature } = await prepareClaim({ ledger, signer: alice, minAmount: 1_001n, fee: 999n });
      await ledger.connect(mallory).claimWithSignature(draws, claim, signature);
    };

    it("is refused", async () => {
      const world = await loadFixture(deployFunded);
      await expect(attack(world))
        .to.be.revertedWithCustomError(world.ledger, "AttributionLedger_ClaimTooSmall")
        .withArgs(1_000n, 1_001n, 999n);
    });

    it(worksOn(twin), async () => {
      const world = await fundedTwin(twin);
      await attack(world);
      expect(await world.token.balanceOf(world.mallory)).to.equal(999n);
    });
  });

  describe("a claim taken to another ledger", () => {
    const twin = "AttributionLedger_BareDomain";
    const attack = async ({ ledger, alice, mallory }: World, other: World): Promise<void> => {
      const { draws, claim, signature } = await signAsWalletsDo({ ledger, alice });
      await other.ledger.connect(mallory).claimWithSignature(draws, claim, signature);
    };

    it("is refused", async () => {
      const world = await loadFixture(deployFunded);
      const ledger = await ethers.deployContract("AttributionLedger", [world.token]);
      await world.token.approve(ledger, ethers.MaxUint256);
      const other = await fund({ ...world, ledger });
      await expect(attack(world, other)).to.be.revertedWithCustomError(ledger, BAD_SIGNATURE).withArgs(world.alice);
    });

    it(worksOn(twin), async () => {
      const world = await fundedTwin(twin);
      const other = await fund(await withTwin({ ethers, world, name: twin }));
      await attack(world, other);
      expect(await other.ledger.balanceOf(accountOf(world.alice))).to.equal(0n);
    });
  });

  describe("a claim taken to another chain, where the ledger has the same address", () => {
    const twin = "AttributionLedger_BareDomain";
    const attack = async (here: World, there: World): Promise<void> => {
      expect(await there.ledger.getAddress()).to.equal(await here.ledger.getAddress());
      const { draws, claim, signature } = await signAsWalletsDo(here);
      await there.ledger.connect(there.mallory).claimWithSignature(draws, claim, signature);
    };

    it("is refused", async () => {
      const [here, there] = await twoChains(async (chain) => await deployWorld(chain));
      await expect(attack(here, there)).to.be.revertedWithCustomError(there.ledger, BAD_SIGNATURE);
    });

    it(worksOn(twin), async () => {
      const [here, there] = await twoChains(
        async (chain) => await withTwin({ ethers: chain.ethers, world: await deployWorld(chain), name: twin }),
      );
      await attack(here, there);
      expect(await there.ledger.balanceOf(accountOf(there.alice))).to.equal(0n);
    });
  });

  describe("a claim taken to a chain that has split off since the ledger was deployed", () => {
    const twin = "AttributionLedger_FixedDomain";
    // The same code, which was deployed when the chain had its old id, on a chain with a new one.
    const attack = async (here: World, there: World, other: typeof connection): Promise<void> => {
      const address = await there.ledger.getAddress();
      await other.networkHelpers.setCode(address, (await here.ledger.getDeployedCode()) ?? "0x");
      const { draws, claim, signature } = await signAsWalletsDo(here);
      await there.ledger.connect(there.mallory).claimWithSignature(draws, claim, signature);
    };

    it("is refused", async () => {
      const [here, there, other] = await twoChains(async (chain) => await deployWorld(chain));
      await expect(attack(here, there, other)).to.be.revertedWithCustomError(there.ledger, BAD_SIGNATURE);
    });

    it(worksOn(twin), async () => {
      const [here, there, other] = await twoChains(
        async (chain) => await withTwin({ ethers: chain.ethers, world: await deployWorld(chain), name: twin }),
      );
      await attack(here, there, other);
      expect(await there.ledger.balanceOf(accountOf(there.alice))).to.equal(0n);
    });
  });

  describe("a second form of a signature", () => {
    const forms: {
      what: string;
      twin: `AttributionLedger_${string}`;
      form: (signature: Signature) => string;
    }[] = [
      {
        what: "with the upper s",
        twin: "AttributionLedger_AnyS",
        form: ({ r, s, v }) => {
          const upper = (CURVE_ORDER - BigInt(s)).toString(16).padStart(64, "0");
          return concat([r, `0x${upper}`, v === 27 ? "0x1c" : "0x1b"]);
        },
      },
      {
        what: "with a v that counts from zero",
        twin: "AttributionLedger_AnyV",
        form: ({ r, s, yParity }) => concat([r, s, yParity === 0 ? "0x00" : "0x01"]),
      },
      {
        what: "of 64 bytes (ERC-2098)",
        twin: "AttributionLedger_CompactSignatures",
        form: ({ compactSerialized }) => compactSerialized,
      },
    ];
    for (const { what, twin, form } of forms) {
      describe(what, () => {
        const attack = async ({ ledger, alice, mallory }: World): Promise<void> => {
          const { draws, claim, signature } = await prepareClaim({ ledger, signer: alice });
          await ledger.connect(mallory).claimWithSignature(draws, claim, form(Signature.from(signature)));
        };

        it("is refused", async () => {
          const world = await loadFixture(deployFunded);
          await expect(attack(world)).to.be.revertedWithCustomError(world.ledger, BAD_SIGNATURE).withArgs(world.alice);
        });

        it(worksOn(twin), async () => {
          const world = await fundedTwin(twin);
          await attack(world);
          expect(await world.ledger.balanceOf(accountOf(world.alice))).to.equal(0n);
        });
      });
    }
  });

  describe("a signature that recovers nobody, for the zero address", () => {
    const twin = "AttributionLedger_ZeroSigns";
    const attack = async ({ ledger, mallory }: World): Promise<void> => {
      await ledger.deposit(ZeroHash, 1_000n);
      const { draws, claim } = await prepareClaim({
        ledger,
        signer: mallory,
        account: ZeroAddress,
        to: mallory.address,
      });
      await ledger.connect(mallory).claimWithSignature(draws, claim, concat([ZeroHash, ZeroHash, "0x1b"]));
    };

    it("is refused", async () => {
      const world = await loadFixture(deployFunded);
      await expect(attack(world)).to.be.revertedWithCustomError(world.ledger, BAD_SIGNATURE).withArgs(ZeroAddress);
    });

    it(worksOn(twin), async () => {
      const world = await fundedTwin(twin);
      await attack(world);
      expect(await world.token.balanceOf(world.mallory)).to.equal(1_000n);
    });
  });

  describe("a claim for an address without code, signed by anybody", () => {
    const twin = "AttributionLedger_AnyAnswer";
    const attack = async ({ ledger, alice, mallory }: World): Promise<void> => {
      const { draws, claim, signature } = await prepareClaim({
        ledger,
        signer: mallory,
        account: alice.address,
        to: mallory.address,
      });
      await ledger.connect(mallory).claimWithSignature(draws, claim, signature);
    };

    it("is refused", async () => {
      const world = await loadFixture(deployFunded);
      await expect(attack(world)).to.be.revertedWithCustomError(world.ledger, BAD_SIGNATURE).withArgs(world.alice);
    });

    it(worksOn(twin), async () => {
      const world = await fundedTwin(twin);
      await attack(world);
      expect(await world.token.balanceOf(world.mallory)).to.equal(1_000n);
    });
  });

  describe("a claim for a contract that answers everything with garbage", () => {
    const twin = "AttributionLedger_AnyAnswer";
    const attack = async ({ ledger, mallory }: World): Promise<void> => {
      const victim = await ethers.deployContract("OddWallet", [id("garbage"), false]);
      const account = await victim.getAddress();
      await ledger.deposit(accountOf({ address: account }), 1_000n);
      const { draws, claim, signature } = await prepareClaim({ ledger, signer: mallory, account, to: mallory.address });
      await ledger.connect(mallory).claimWithSignature(draws, claim, signature);
    };

    it("is refused", async () => {
      const world = await loadFixture(deployFunded);
      await expect(attack(world)).to.be.revertedWithCustomError(world.ledger, BAD_SIGNATURE);
    });

    it(worksOn(twin), async () => {
      const world = await fundedTwin(twin);
      await attack(world);
      expect(await world.token.balanceOf(world.mallory)).to.equal(1_000n);
    });
  });

  describe("claims for precompiled contracts", () => {
    const twin = "AttributionLedger_AnswerOfAnyLength";
    /** Makes claims one by one, in vain or not. */
    const attack = async (
      { ledger, mallory }: World,
      tryClaim: (account: string, claiming: Promise<unknown>) => Promise<void>,
    ): Promise<void> => {
      for (let i = 1; i <= 0x11; i++) {
        const account = getAddress(`0x${i.toString(16).padStart(40, "0")}`);
        await ledger.deposit(accountOf({ address: account }), 1n);
        const { draws, claim, signature } = await prepareClaim({
          ledger,
          signer: mallory,
          account,
          to: mallory.address,
        });
        for (const bytes of [signature, "0x", id("garbage"), concat([id("x"), id("y"), id("z"), id("w")])]) {
          await tryClaim(account, ledger.claimWithSignature.staticCall(draws, claim, bytes));
        }
      }
    };

    it("are refused, whatever those return", async () => {
      const world = await loadFixture(deployFunded);
      await attack(world, async (account, claiming) => {
        await expect(claiming).to.be.revertedWithCustomError(world.ledger, BAD_SIGNATURE).withArgs(account);
      });
    });

    it(worksOn(twin), async () => {
      const claimed = new Set<string>();
      await attack(await fundedTwin(twin), async (account, claiming) => {
        await claiming.then(
          () => claimed.add(account),
          () => undefined,
        );
      });
      expect([...claimed]).to.deep.equal([getAddress(`0x${"04".padStart(40, "0")}`)]);
    });
  });

  describe("an account that delegates to code that accepts nothing, after it has signed (EIP-7702)", () => {
    const twin = "AttributionLedger_CodeFirst";
    const attack = async ({ ledger, mallory, relayer }: World): Promise<void> => {
      const wallet = new Wallet(id("delegating wallet"));
      await ledger.deposit(accountOf(wallet), 1_000n);
      const { draws, claim, signature } = await prepareClaim({ ledger, signer: wallet });
      await delegate({ ethers, wallet, to: await ethers.deployContract("KeyWallet", [mallory]), sender: relayer });
      await ledger.connect(relayer).claimWithSignature(draws, claim, signature);
    };

    it("can still claim with its key", async () => {
      const world = await loadFixture(deployFunded);
      await attack(world);
      expect(await world.token.balanceOf(new Wallet(id("delegating wallet")))).to.equal(1_000n);
    });

    it(worksOn(twin), async () => {
      const world = await fundedTwin(twin);
      await expect(attack(world)).to.be.revertedWithCustomError(world.ledger, BAD_SIGNATURE);
    });
  });

  describe("a claim that another relayer copies", () => {
    const twin = "AttributionLedger_NoNonce";
    const attack = async ({ ledger, alice, relayer, mallory }: World): Promise<void> => {
      const { draws, claim, signature } = await prepareClaim({ ledger, signer: alice, ...SIGNED });
      await ledger.connect(mallory).claimWithSignature(draws, claim, signature);
      await ledger.deposit(accountOf(alice), 1_000n); // As it may happen between two relayers' transactions.
      await ledger.connect(relayer).claimWithSignature(draws, claim, signature);
    };

    it("costs the signer the same, and the first relayer nothing but the fee", async () => {
      const world = await loadFixture(deployFunded);
      const { ledger, token, alice, mallory } = world;
      await expect(attack(world)).to.be.revertedWithCustomError(ledger, "InvalidAccountNonce").withArgs(alice, 1n);
      expect(await token.balanceOf(alice)).to.equal(999n);
      expect(await token.balanceOf(mallory)).to.equal(1n);
    });

    it(worksOn(twin), async () => {
      const world = await fundedTwin(twin);
      const { token, mallory, relayer } = world;
      await attack(world);
      // The signer has paid both of them.
      expect(await token.balanceOf(mallory)).to.equal(1n);
      expect(await token.balanceOf(relayer)).to.equal(1n);
    });
  });

  describe("a stranger who pays out the signer's shares first", () => {
    const twin = "AttributionLedger_CreditsCaller";
    const attack = async ({ ledger, alice, mallory, relayer }: World): Promise<void> => {
      const split = await splitOf([accountShare({ to: alice, units: 1n })]);
      await ledger.pay(split.id, 1_000n, 1n, ZeroHash);
      const { draws, claim, signature } = await prepareClaim({
        ledger,
        signer: alice,
        draws: drawOf(split, 0),
        fee: 1n,
      });
      await ledger.connect(mallory).payOut(draws);
      await ledger.connect(relayer).claimWithSignature(draws, claim, signature);
    };

    it("makes the claim fail, but the signer has the money then and has paid no fee", async () => {
      const world = await loadFixture(deployWorld);
      const { ledger, token, alice } = world;
      await expect(attack(world))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_NothingToClaim")
        .withArgs(alice);
      expect(await token.balanceOf(alice)).to.equal(1_000n);
      expect(await ledger.nonces(alice)).to.equal(0n);
    });

    it(worksOn(twin), async () => {
      const world = await withTwin({ ethers, world: await loadFixture(deployWorld), name: twin });
      const { ledger, token, alice, mallory } = world;
      await expect(attack(world)).to.be.revertedWithCustomError(ledger, "AttributionLedger_NothingToClaim");
      expect(await token.balanceOf(alice)).to.equal(0n);
      expect(await token.balanceOf(mallory)).to.equal(1_000n);
    });
  });
});

/** Signs under the domain that the ledger says is its own (ERC-5267). */
async function signAsWalletsDo({ ledger, alice }: Pick<World, "ledger" | "alice">): Promise<SignedClaim> {
  const { fields, name, version, chainId, verifyingContract } = await ledger.eip712Domain();
  const { draws, claim } = await prepareClaim({ ledger, signer: alice });
  const { types, value } = claimTypedData({ chainId, ledger: verifyingContract, draws, claim });
  const bound = fields === "0x0f" ? { chainId, verifyingContract } : {};
  return { draws, claim, signature: await alice.signTypedData({ name, version, ...bound }, types, value) };
}

/** The same world on two chains with different ids, and the second chain. */
async function twoChains(
  deploy: (chain: typeof connection) => Promise<World>,
): Promise<[World, World, typeof connection]> {
  const other = await network.create({ override: { chainId: 42 } });
  return [await fund(await deploy(await network.create())), await fund(await deploy(other)), other];
}

/** Alice has 1,000 in her wallet account, and others have a lot. */
async function deployFunded(): Promise<World> {
  return await fund(await loadFixture(deployWorld));
}

async function fundedTwin(name: `AttributionLedger_${string}`): Promise<World> {
  return await fund(await withTwin({ ethers, world: await loadFixture(deployWorld), name }));
}

async function fund(world: World): Promise<World> {
  await world.ledger.deposit(accountOf(world.alice), 1_000n);
  await world.ledger.deposit(accountOf(world.carol), 1_000_000n);
  return world;
}
