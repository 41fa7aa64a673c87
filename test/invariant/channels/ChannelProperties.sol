// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {Channel, PaymentChannels} from "../../../contracts/payments/PaymentChannels.sol";
import {OpenToken} from "../../../contracts/token/OpenToken.sol";
import {Subject} from "../../solidity/Campaign.sol";
import {VM} from "../../solidity/Vm.sol";
import {ContractWallet} from "../ledger/ContractWallet.sol";

/// @title The numbered properties of payment channels, and the plain books they are compared with
/// @notice Payers, operators and splits in every combination: channels that the payer signs for, and such that a session
/// key or a contract signs for.
abstract contract ChannelProperties is Subject {
    uint256 internal constant PAYERS = 3;
    uint256 internal constant OPERATORS = 2;
    uint256 internal constant SPLITS = 2;
    uint256 internal constant CHANNELS = 20;
    uint256 internal constant DELAY = 1 hours;
    address internal constant STRANGER = address(0xbad);

    OpenToken internal immutable token;
    AttributionLedger internal immutable ledger;
    PaymentChannels internal immutable channels;

    address[] internal payers;
    address[] internal operators;
    bytes32[] internal splitIds;
    mapping(address wallet => uint256) internal keyOf;

    Channel[] internal opened;
    bytes32[] internal ids;
    uint256[] internal payerOf;
    uint256[] internal operatorOf;

    // Books.
    uint256[CHANNELS] internal bookDeposited;
    uint256[CHANNELS] internal bookSettled;
    uint256[CHANNELS] internal bookGivenBack;
    uint256[CHANNELS] internal bookNumber;
    uint256[CHANNELS] internal bookWithdrawableAt;
    uint256[CHANNELS] internal signedMax;
    uint256[SPLITS] internal paidTo;
    uint256[OPERATORS][PAYERS] internal depositedOf;
    uint256[OPERATORS][PAYERS] internal capOf;
    uint256[SPLITS][OPERATORS] internal settledBy;
    uint256[SPLITS][OPERATORS] internal keptBy;
    mapping(bytes32 settlement => uint256) internal bookKeptAt;
    uint256 internal bookCount;
    uint256 internal bookPaid;
    uint256 internal given;

    // What there was before the call.
    uint256[CHANNELS] private lastSettled;
    uint256[CHANNELS] private lastBalance;
    uint256[PAYERS] private lastWealth;
    uint256 private actedOn;
    bool private movesMoney;

    constructor(OpenToken token_, AttributionLedger ledger_) {
        (token, ledger) = (token_, ledger_);
        channels = new PaymentChannels(ledger_);
        for (uint256 i = 0; i < PAYERS; ++i) {
            uint256 key = uint256(keccak256(abi.encode("payer", i)));
            address payer = i == PAYERS - 1 ? address(new ContractWallet(VM.addr(key))) : VM.addr(key);
            payers.push(payer);
            keyOf[payer] = key;
            for (uint256 o = 0; o < OPERATORS; ++o) capOf[i][o] = type(uint96).max;
        }
        for (uint256 i = 0; i < OPERATORS; ++i) operators.push(address(uint160(0x0b00 + i)));
        for (uint256 i = 0; i < SPLITS; ++i) splitIds.push(keccak256(abi.encode("split", i)));
        uint256 sessionKey = uint256(keccak256("session key"));
        keyOf[VM.addr(sessionKey)] = sessionKey;
        // Who pays and who signs: themselves, then a session key that two payers trust.
        for (uint256 kind = 0; kind < CHANNELS / OPERATORS / SPLITS; ++kind) {
            uint256 p = kind % PAYERS;
            address signer = kind < PAYERS ? payers[p] : VM.addr(sessionKey);
            for (uint256 o = 0; o < OPERATORS; ++o) {
                for (uint256 s = 0; s < SPLITS; ++s) {
                    opened.push(Channel(payers[p], signer, operators[o], splitIds[s], DELAY, 0));
                    ids.push(channels.channelIdOf(opened[opened.length - 1]));
                    payerOf.push(p);
                    operatorOf.push(o);
                }
            }
        }
    }

    // ------------------------------------------------------------------ before and after every call

    /// @param i The channel that is acted on; {CHANNELS} for none or any.
    /// @param moves Whether its payer's money may move.
    function _begin(uint256 i, bool moves) internal {
        _look();
        (actedOn, movesMoney) = (i, moves);
    }

    function _look() internal {
        for (uint256 i = 0; i < CHANNELS; ++i) (lastBalance[i], lastSettled[i], ) = channels.channelOf(ids[i]);
        for (uint256 p = 0; p < PAYERS; ++p) lastWealth[p] = _wealth(p);
    }

    function _checkStep() internal {
        uint256[CHANNELS] memory balance;
        uint256[CHANNELS] memory settled;
        uint256[CHANNELS] memory number;
        for (uint256 i = 0; i < CHANNELS; ++i) {
            (balance[i], settled[i], number[i]) = channels.channelOf(ids[i]);
        }
        _hold(C09_custodyIsExact(balance), "C09_custodyIsExact");
        _hold(C10_settledIsBooked(settled), "C10_settledIsBooked");
        _hold(C11_settledNeverFalls(settled), "C11_settledNeverFalls");
        _hold(C12_nothingIsSettledBeyondWhatWasSigned(settled), "C12_nothingIsSettledBeyondWhatWasSigned");
        _hold(C13_whatWasDepositedIsSettledLeftOrBack(balance, settled), "C13_whatWasDepositedIsSettledLeftOrBack");
        _hold(C14_splitsReceiveWhatIsSettled(), "C14_splitsReceiveWhatIsSettled");
        _hold(C15_limitsAreBooked(), "C15_limitsAreBooked");
        _hold(C16_depositsAreWhatChannelsHoldAndPaid(balance, settled), "C16_depositsAreWhatChannelsHoldAndPaid");
        _hold(C17_nobodyElsesMoneyMoves(balance), "C17_nobodyElsesMoneyMoves");
        _hold(C18_numbersCountUp(number), "C18_numbersCountUp");
        _hold(C19_wishesToWithdrawAreBooked(), "C19_wishesToWithdrawAreBooked");
        _hold(C23_whatIsOnRecordWasSettled(), "C23_whatIsOnRecordWasSettled");
    }

    // ------------------------------------------------------------------ properties

    function C09_custodyIsExact(uint256[CHANNELS] memory balance) private view returns (bool) {
        uint256 sum = given;
        for (uint256 i = 0; i < CHANNELS; ++i) sum += balance[i];
        return ledger.balanceOf(_account(address(channels))) == sum && token.balanceOf(address(channels)) == 0;
    }

    function C10_settledIsBooked(uint256[CHANNELS] memory settled) private view returns (bool) {
        for (uint256 i = 0; i < CHANNELS; ++i) if (settled[i] != bookSettled[i]) return false;
        return true;
    }

    function C11_settledNeverFalls(uint256[CHANNELS] memory settled) private view returns (bool) {
        for (uint256 i = 0; i < CHANNELS; ++i) if (settled[i] < lastSettled[i]) return false;
        return true;
    }

    function C12_nothingIsSettledBeyondWhatWasSigned(uint256[CHANNELS] memory settled) private view returns (bool) {
        for (uint256 i = 0; i < CHANNELS; ++i) if (settled[i] > signedMax[i]) return false;
        return true;
    }

    function C13_whatWasDepositedIsSettledLeftOrBack(
        uint256[CHANNELS] memory balance,
        uint256[CHANNELS] memory settled
    ) private view returns (bool) {
        for (uint256 i = 0; i < CHANNELS; ++i) {
            if (bookDeposited[i] != settled[i] + balance[i] + bookGivenBack[i]) return false;
        }
        return true;
    }

    function C14_splitsReceiveWhatIsSettled() private view returns (bool) {
        for (uint256 s = 0; s < SPLITS; ++s) {
            (uint256 amount, , ) = ledger.received(splitIds[s]);
            if (amount != paidTo[s]) return false;
        }
        return true;
    }

    function C15_limitsAreBooked() private view returns (bool) {
        for (uint256 p = 0; p < PAYERS; ++p) {
            for (uint256 o = 0; o < OPERATORS; ++o) {
                (uint256 deposited, bool capped, uint256 cap) = channels.limitOf(payers[p], operators[o]);
                if (deposited != depositedOf[p][o]) return false;
                if ((capped ? cap : type(uint96).max) != capOf[p][o]) return false;
            }
        }
        return true;
    }

    /// @dev Without the books: all that a payer's channels with an operator hold and have settled.
    function C16_depositsAreWhatChannelsHoldAndPaid(
        uint256[CHANNELS] memory balance,
        uint256[CHANNELS] memory settled
    ) private view returns (bool) {
        uint256[OPERATORS][PAYERS] memory sum;
        for (uint256 i = 0; i < CHANNELS; ++i) sum[payerOf[i]][operatorOf[i]] += balance[i] + settled[i];
        for (uint256 p = 0; p < PAYERS; ++p) {
            for (uint256 o = 0; o < OPERATORS; ++o) {
                (uint256 deposited, , ) = channels.limitOf(payers[p], operators[o]);
                if (deposited != sum[p][o]) return false;
            }
        }
        return true;
    }

    /// @dev A payer's own money moves by what its channel gains or loses, and nobody else's. Settlements only take out of
    /// channels.
    function C17_nobodyElsesMoneyMoves(uint256[CHANNELS] memory balance) private view returns (bool) {
        for (uint256 p = 0; p < PAYERS; ++p) {
            uint256 wealth = _wealth(p);
            if (!movesMoney || payerOf[actedOn] != p) {
                if (wealth != lastWealth[p]) return false;
            } else if (wealth + balance[actedOn] != lastWealth[p] + lastBalance[actedOn]) {
                return false;
            }
        }
        for (uint256 i = 0; i < CHANNELS; ++i) {
            if (balance[i] > lastBalance[i] && (!movesMoney || i != actedOn)) return false;
            if (balance[i] < lastBalance[i] && movesMoney && i != actedOn) return false;
        }
        return true;
    }

    function C18_numbersCountUp(uint256[CHANNELS] memory number) private view returns (bool) {
        for (uint256 i = 0; i < CHANNELS; ++i) if (number[i] != bookNumber[i]) return false;
        return channels.channelCount() == bookCount;
    }

    function C19_wishesToWithdrawAreBooked() private view returns (bool) {
        for (uint256 i = 0; i < CHANNELS; ++i) {
            if (channels.withdrawableAt(ids[i]) != bookWithdrawableAt[i]) return false;
        }
        return true;
    }

    function C23_whatIsOnRecordWasSettled() private view returns (bool) {
        for (uint256 o = 0; o < OPERATORS; ++o) {
            for (uint256 s = 0; s < SPLITS; ++s) if (keptBy[o][s] > settledBy[o][s]) return false;
        }
        return true;
    }

    // ------------------------------------------------------------------ figures

    function _bookBalance(uint256 i) internal view returns (uint256) {
        return bookDeposited[i] - bookSettled[i] - bookGivenBack[i];
    }

    /// @dev What a payer has outside of channels.
    function _wealth(uint256 p) private view returns (uint256) {
        return token.balanceOf(payers[p]) + ledger.balanceOf(_account(payers[p]));
    }

    function _account(address owner) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(owner)));
    }
}
