// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A share that is to go to somebody else from now on. It does if its split has the court as arbiter.
/// @param root Root of the split's tree.
/// @param totalUnits Units of the whole split.
/// @param size Number of the split's shares.
/// @param index The share.
/// @param arbiter The split's arbiter; zero if nobody is, or a fault concerns no share.
/// @param to Account of the ledger that gets it.
/// @param rank If several proofs give one share to different accounts, the lowest rank wins.
struct Restitution {
    bytes32 root;
    uint128 totalUnits;
    uint64 size;
    uint64 index;
    address arbiter;
    bytes32 to;
    uint64 rank;
}

/// @notice What a proof has shown.
/// @param id Names the fault, whoever proves it and in whichever form: it is punished once. Verifiers of one court share it
/// if they show the same fault, and cost the same then. For others it differs: a hash of the chain, of the contract that
/// keeps what the fault is about, and of what it is there.
/// @param respondent Whose stake answers for it.
/// @param harmed Whom the slash compensates; zero for nobody.
/// @param harm Most it is compensated with, in the token's smallest unit.
/// @param restitution A share that moves, every time another one is shown for the same fault.
struct Fault {
    bytes32 id;
    address respondent;
    address harmed;
    uint256 harm;
    Restitution restitution;
}

/// @notice A condition under which stake is slashed, and the check of its proof. Pure code: it knows no owner, keeps no
/// money and cannot change.
interface IFaultVerifier {
    /// @notice Part of the respondent's pool that a fault costs, in basis points.
    function slashBps() external view returns (uint16);

    /// @notice What a proof shows. Reverts if it does not show a fault.
    function verify(bytes calldata proof) external view returns (Fault memory fault);
}
