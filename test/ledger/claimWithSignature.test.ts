import { expect } from "chai";
import { AbiCoder, concat, id, keccak256, Signature, Wallet, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { prepareClaim, type SignedClaim } from "../helpers/claims.ts";
import { delegate } from "../helpers/delegation.ts";
import { accountOf, accountShare, drawAll, drawOf, splitOf } from "../helpers/shares.ts";
import { deployWorld } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

const MAGIC = "0x1626ba7e";
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

describe("claimWithSignature", () => {
  it("sends what the signer's wallet is due where the signer said, and the fee to the caller", async () => {
    const { ledger, token, split, alice, carol, relayer } = await loadFixture(deployShared);
    const { draws, claim, signature } = await prepareClaim({
      ledger,
      signer: alice,
      draws: drawOf(split, 0),
      to: carol.address,
      fee: 10n,
      minAmount: 100n,
    });
    const call = ledger.connect(relayer).claimWithSignature(draws, claim, signature);
    await expect(call).to.emit(ledger, "Credited").withArgs(split.id, accountOf(alice), 0n, 100n);
    await expect(call).to.emit(ledger, "ClaimRelayed").withArgs(alice, relayer, 0n, 10n);
    await expect(call).to.emit(ledger, "Withdrawn").withArgs(accountOf(alice), relayer, 10n);
    await expect(call).to.emit(ledger, "Withdrawn").withArgs(accountOf(alice), carol, 90n);
    await expect(call).to.changeTokenBalances(ethers, token, [alice, carol, relayer, ledger], [0n, 90n, 10n, -100n]);
    expect(await ledger.nonces(alice)).to.equal(1n);
  });

  it("returns the amount without the fee", async () => {
    const { ledger, split, alice, relayer } = await loadFixture(deployShared);
    const { draws, claim, signature } = await prepareClaim({
      ledger,
      signer: alice,
      draws: drawOf(split, 0),
      fee: 10n,
    });
    expect(await ledger.connect(relayer).claimWithSignature.staticCall(draws, claim, signature)).to.equal(90n);
  });

  it("sends along what the wallet's balance held, and others' shares to their balances", async () => {
    const { ledger, token, split, alice, bob, relayer } = await loadFixture(deployShared);
    await ledger.deposit(accountOf(alice), 5n);
    const { draws, claim, signature } = await prepareClaim({ ledger, signer: alice, draws: drawAll(split) });
    await expect(ledger.connect(relayer).claimWithSignature(draws, claim, signature)).to.changeTokenBalances(
      ethers,
      token,
      [alice, bob, relayer],
      [105n, 0n, 0n],
    );
    expect(await ledger.balanceOf(accountOf(bob))).to.equal(100n);
  });

  it("signs the type that its hash says", async () => {
    const { ledger, split, alice } = await loadFixture(deployShared);
    const signer = new Wallet(id("independent"));
    const draws = drawOf(split, 0);
    const { chainId, verifyingContract } = await ledger.eip712Domain();
    const coder = AbiCoder.defaultAbiCoder();
    const domain = keccak256(
      coder.encode(
        ["bytes32", "bytes32", "bytes32", "uint256", "address"],
        [
          id("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
          id("AttributionLedger"),
          id("1"),
          chainId,
          verifyingContract,
        ],
      ),
    );
    const type =
      "Claim(address account,address to,bytes32 drawsHash,uint256 minAmount,uint256 fee,uint256 nonce,uint256 deadline)";
    const struct = keccak256(
      coder.encode(
        ["bytes32", "address", "address", "bytes32", "uint256", "uint256", "uint256", "uint256"],
        [id(type), signer.address, alice.address, keccak256(draws), 7n, 3n, 0n, 2n ** 41n],
      ),
    );
    const signature = signer.signingKey.sign(keccak256(concat(["0x1901", domain, struct]))).serialized;
    await ledger.deposit(accountOf(signer), 7n);
    const claim = {
      account: signer.address,
      to: alice.address,
      minAmount: 7n,
      fee: 3n,
      nonce: 0n,
      deadline: 2n ** 41n,
    };
    expect(await ledger.claimWithSignature.staticCall(draws, claim, signature)).to.equal(4n);
  });

  describe("when the fee is zero", () => {
    it("sends nothing to the caller", async () => {
      const { ledger, split, alice, relayer } = await loadFixture(deployShared);
      const { draws, claim, signature } = await prepareClaim({ ledger, signer: alice, draws: drawOf(split, 0) });
      const receipt = await (await ledger.connect(relayer).claimWithSignature(draws, claim, signature)).wait();
      const withdrawn = ledger.interface.getEvent("Withdrawn").topicHash;
      expect(receipt?.logs.filter(({ topics }) => topics[0] === withdrawn)).to.have.lengthOf(1);
    });
  });

  describe("when the caller is the account itself", () => {
    it("pays the fee to the caller like to anybody", async () => {
      const { ledger, token, split, alice } = await loadFixture(deployShared);
      const { draws, claim, signature } = await prepareClaim({
        ledger,
        signer: alice,
        draws: drawOf(split, 0),
        fee: 10n,
      });
      await expect(ledger.connect(alice).claimWithSignature(draws, claim, signature)).to.changeTokenBalances(
        ethers,
        token,
        [alice],
        [100n],
      );
    });
  });

  describe("when the deadline", () => {
    it("is now, the claim is good", async () => {
      const { ledger, split, alice } = await loadFixture(deployShared);
      const deadline = BigInt(await time.latest()) + 100n;
      const { draws, claim, signature } = await prepareClaim({
        ledger,
        signer: alice,
        draws: drawOf(split, 0),
        deadline,
      });
      await time.setNextBlockTimestamp(deadline);
      await ledger.claimWithSignature(draws, claim, signature);
    });

    it("was a second ago, the claim reverts", async () => {
      const { ledger, split, alice } = await loadFixture(deployShared);
      const deadline = BigInt(await time.latest()) + 100n;
      const { draws, claim, signature } = await prepareClaim({
        ledger,
        signer: alice,
        draws: drawOf(split, 0),
        deadline,
      });
      await time.setNextBlockTimestamp(deadline + 1n);
      await expect(ledger.claimWithSignature(draws, claim, signature))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_ClaimExpired")
        .withArgs(deadline, deadline + 1n);
    });
  });

  describe("when the nonce", () => {
    for (const { what, nonce } of [
      { what: "was used", nonce: 0n },
      { what: "is one ahead", nonce: 2n },
    ]) {
      it(`${what}, the claim reverts with the one that is next`, async () => {
        const { ledger, split, alice } = await loadFixture(deployShared);
        const first = await prepareClaim({ ledger, signer: alice, draws: drawOf(split, 0) });
        await ledger.claimWithSignature(first.draws, first.claim, first.signature);
        await ledger.pay(split.id, 200n, 1n, ZeroHash);
        const { draws, claim, signature } = await prepareClaim({
          ledger,
          signer: alice,
          draws: drawOf(split, 0),
          nonce,
        });
        await expect(ledger.claimWithSignature(draws, claim, signature))
          .to.be.revertedWithCustomError(ledger, "InvalidAccountNonce")
          .withArgs(alice, 1n);
      });
    }
  });

  describe("when the amount", () => {
    it("is just what the signer asks for, the claim is good", async () => {
      const { ledger, split, alice } = await loadFixture(deployShared);
      const { draws, claim, signature } = await prepareClaim({
        ledger,
        signer: alice,
        draws: drawOf(split, 0),
        minAmount: 100n,
        fee: 99n,
      });
      expect(await ledger.claimWithSignature.staticCall(draws, claim, signature)).to.equal(1n);
    });

    for (const { what, minAmount, fee } of [
      { what: "is less than the signer asks for", minAmount: 101n, fee: 0n },
      { what: "is all fee", minAmount: 0n, fee: 100n },
      { what: "does not cover the fee", minAmount: 0n, fee: 101n },
    ]) {
      it(`${what}, the claim reverts`, async () => {
        const { ledger, split, alice } = await loadFixture(deployShared);
        const { draws, claim, signature } = await prepareClaim({
          ledger,
          signer: alice,
          draws: drawOf(split, 0),
          minAmount,
          fee,
        });
        await expect(ledger.claimWithSignature(draws, claim, signature))
          .to.be.revertedWithCustomError(ledger, "AttributionLedger_ClaimTooSmall")
          .withArgs(100n, minAmount, fee);
        expect(await ledger.nonces(alice)).to.equal(0n);
      });
    }

    it("is nothing at all, the claim reverts", async () => {
      const { ledger, alice } = await loadFixture(deployShared);
      const { draws, claim, signature } = await prepareClaim({ ledger, signer: alice });
      await expect(ledger.claimWithSignature(draws, claim, signature))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_NothingToClaim")
        .withArgs(alice);
    });
  });

  describe("when the tokens would go to the zero address or the ledger", () => {
    it("reverts", async () => {
      const { ledger, split, alice } = await loadFixture(deployShared);
      for (const to of [ZeroAddress, await ledger.getAddress()]) {
        const { draws, claim, signature } = await prepareClaim({ ledger, signer: alice, draws: drawOf(split, 0), to });
        await expect(ledger.claimWithSignature(draws, claim, signature))
          .to.be.revertedWithCustomError(ledger, "AttributionLedger_BadRecipient")
          .withArgs(to);
      }
    });
  });

  describe("when the signature", () => {
    const forms: { what: string; form: (signature: Signature) => string }[] = [
      { what: "is empty", form: () => "0x" },
      { what: "is 64 bytes long", form: ({ compactSerialized }) => compactSerialized },
      { what: "is 66 bytes long", form: ({ serialized }) => `${serialized}00` },
      { what: "has its upper s", form: upperS },
      ...[0, 1, 26, 29, 255].map((v) => ({
        what: `has a v of ${String(v)}`,
        form: ({ r, s }: Signature) => concat([r, s, `0x${v.toString(16).padStart(2, "0")}`]),
      })),
      { what: "has the other v", form: ({ r, s, v }) => concat([r, s, v === 27 ? "0x1c" : "0x1b"]) },
      { what: "is all zeros", form: () => concat([ZeroHash, ZeroHash, "0x1b"]) },
    ];
    for (const { what, form } of forms) {
      it(`${what}, the claim reverts`, async () => {
        const { ledger, split, alice } = await loadFixture(deployShared);
        const { draws, claim, signature } = await prepareClaim({ ledger, signer: alice, draws: drawOf(split, 0) });
        await expect(ledger.claimWithSignature(draws, claim, form(Signature.from(signature))))
          .to.be.revertedWithCustomError(ledger, "AttributionLedger_BadClaimSignature")
          .withArgs(alice);
      });
    }

    it("is somebody else's, the claim reverts", async () => {
      const { ledger, split, alice, mallory } = await loadFixture(deployShared);
      const { draws, claim, signature } = await prepareClaim({
        ledger,
        signer: mallory,
        account: alice.address,
        draws: drawOf(split, 0),
      });
      await expect(ledger.claimWithSignature(draws, claim, signature))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_BadClaimSignature")
        .withArgs(alice);
    });
  });

  describe("when the account is a contract wallet", () => {
    it("asks the wallet (ERC-1271)", async () => {
      const { ledger, token, alice, bob } = await loadFixture(deployShared);
      const wallet = await ethers.deployContract("KeyWallet", [alice]);
      const account = await wallet.getAddress();
      await ledger.deposit(accountOf({ address: account }), 50n);
      const { draws, claim, signature } = await prepareClaim({
        ledger,
        signer: alice,
        account,
        to: bob.address,
      });
      await expect(ledger.claimWithSignature(draws, claim, signature)).to.changeTokenBalances(
        ethers,
        token,
        [bob],
        [50n],
      );
    });

    it("takes a signature of any length that the wallet takes", async () => {
      const { ledger, token, bob } = await loadFixture(deployShared);
      const wallet = await ethers.deployContract("OddWallet", [MAGIC.padEnd(66, "0"), false]);
      const account = await wallet.getAddress();
      for (const signature of ["0x", `0x${"ab".repeat(1_000)}`]) {
        await ledger.deposit(accountOf({ address: account }), 50n);
        const { draws, claim } = await prepareClaim({ ledger, signer: bob, account, to: bob.address });
        await expect(ledger.claimWithSignature(draws, claim, signature)).to.changeTokenBalances(
          ethers,
          token,
          [bob],
          [50n],
        );
      }
    });

    const answers = [
      { what: "says no", answer: `0x${"ff".repeat(4)}`.padEnd(66, "0"), reverting: false },
      { what: "reverts", answer: "0x", reverting: true },
      { what: "reverts with the answer that would be right", answer: MAGIC.padEnd(66, "0"), reverting: true },
      { what: "answers nothing", answer: "0x", reverting: false },
      { what: "answers true", answer: `0x${"1".padStart(64, "0")}`, reverting: false },
      { what: "answers with the magic value alone", answer: MAGIC, reverting: false },
      { what: "answers with the magic value and dirt behind it", answer: MAGIC.padEnd(66, "f"), reverting: false },
      {
        what: "answers with the magic value at the wrong end",
        answer: `0x${MAGIC.slice(2).padStart(64, "0")}`,
        reverting: false,
      },
    ];
    for (const { what, answer, reverting } of answers) {
      it(`reverts if the wallet ${what}`, async () => {
        const { ledger, bob } = await loadFixture(deployShared);
        const wallet = await ethers.deployContract("OddWallet", [answer, reverting]);
        const account = await wallet.getAddress();
        await ledger.deposit(accountOf({ address: account }), 50n);
        const { draws, claim, signature } = await prepareClaim({ ledger, signer: bob, account, to: bob.address });
        await expect(ledger.claimWithSignature(draws, claim, signature))
          .to.be.revertedWithCustomError(ledger, "AttributionLedger_BadClaimSignature")
          .withArgs(account);
      });
    }

    it("takes an answer longer than a word", async () => {
      const { ledger, token, bob } = await loadFixture(deployShared);
      const wallet = await ethers.deployContract("OddWallet", [MAGIC.padEnd(258, "0"), false]);
      const account = await wallet.getAddress();
      await ledger.deposit(accountOf({ address: account }), 50n);
      const { draws, claim } = await prepareClaim({ ledger, signer: bob, account, to: bob.address });
      await expect(ledger.claimWithSignature(draws, claim, "0x")).to.changeTokenBalances(ethers, token, [bob], [50n]);
    });
  });

  describe("when the account has delegated to code (EIP-7702)", () => {
    it("still takes its key's signature, whatever the code says", async () => {
      const { ledger, token, wallet, mallory, relayer } = await loadFixture(deployDelegated);
      const { draws, claim, signature } = await prepareClaim({ ledger, signer: wallet });
      const refusing = await ethers.deployContract("KeyWallet", [mallory]);
      await delegate({ ethers, wallet, to: refusing, sender: relayer });
      expect(await ethers.provider.getCode(wallet.address)).to.equal(concat(["0xef0100", await refusing.getAddress()]));
      await expect(ledger.claimWithSignature(draws, claim, signature)).to.changeTokenBalances(
        ethers,
        token,
        [wallet],
        [50n],
      );
    });

    it("takes what the code takes, too", async () => {
      const { ledger, token, wallet, bob, relayer } = await loadFixture(deployDelegated);
      const code = await ethers.deployContract("KeyWallet", [bob]);
      const { draws, claim, signature } = await prepareClaim({ ledger, signer: bob, account: wallet.address });
      await expect(ledger.claimWithSignature(draws, claim, signature))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_BadClaimSignature")
        .withArgs(wallet.address);
      await delegate({ ethers, wallet, to: code, sender: relayer });
      await expect(ledger.claimWithSignature(draws, claim, signature)).to.changeTokenBalances(
        ethers,
        token,
        [wallet],
        [50n],
      );
    });

    it("takes it no longer once the delegation has ended", async () => {
      const { ledger, wallet, bob, relayer } = await loadFixture(deployDelegated);
      const code = await ethers.deployContract("KeyWallet", [bob]);
      const { draws, claim, signature }: SignedClaim = await prepareClaim({
        ledger,
        signer: bob,
        account: wallet.address,
      });
      await delegate({ ethers, wallet, to: code, sender: relayer });
      await delegate({ ethers, wallet, to: ZeroAddress, sender: relayer });
      await expect(ledger.claimWithSignature(draws, claim, signature))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_BadClaimSignature")
        .withArgs(wallet.address);
    });
  });
});

/** The same signature with s mirrored, as anybody can compute it. */
function upperS({ r, s, v }: Signature): string {
  const mirrored = (CURVE_ORDER - BigInt(s)).toString(16).padStart(64, "0");
  return concat([r, `0x${mirrored}`, v === 27 ? "0x1c" : "0x1b"]);
}

/** A split of Alice's and Bob's wallets, 100 each of 200. */
async function deployShared() {
  const world = await loadFixture(deployWorld);
  const { ledger, alice, bob } = world;
  const split = await splitOf([accountShare({ to: alice, units: 1n }), accountShare({ to: bob, units: 1n })]);
  await ledger.pay(split.id, 200n, 1n, ZeroHash);
  return { ...world, split };
}

/** A wallet of which the test holds the key, with a balance of 50. */
async function deployDelegated() {
  const world = await loadFixture(deployWorld);
  const wallet = new Wallet(id("delegating wallet"));
  await world.ledger.deposit(accountOf(wallet), 50n);
  return { ...world, wallet };
}
