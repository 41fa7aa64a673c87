// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AttributionLedger} from "../../../contracts/ledger/AttributionLedger.sol";
import {SplitAddresses} from "../../../contracts/ledger/SplitAddresses.sol";
import {OpenToken} from "../../../contracts/token/OpenToken.sol";
import {Campaign} from "../../solidity/Campaign.sol";
import {LedgerHandlers} from "./LedgerHandlers.sol";
import {LedgerWorld} from "./LedgerWorld.sol";
import {WideToken} from "./WideToken.sol";

/// @dev In this file, so that the runner finds it also when it compiles no other.
contract LedgerSubject is LedgerHandlers {
    constructor(AttributionLedger ledger_, SplitAddresses addresses_) LedgerWorld(ledger_, addresses_) {}
}

function createSubject(AttributionLedger ledger) returns (LedgerSubject) {
    return new LedgerSubject(ledger, new SplitAddresses(ledger));
}

/// @notice The ledger with OPEN.
contract LedgerCampaignWithOpen is Campaign {
    function setUp() public {
        OpenToken token = new OpenToken(address(this));
        LedgerSubject ledger = createSubject(new AttributionLedger(token));
        token.transfer(address(ledger), token.totalSupply());
        ledger.open();
        subject = ledger;
    }

    function invariant_ledgerWithOpen() public view {
        _requireUnbroken();
    }
}

/// @notice The ledger with a token of which a split can receive as much as it can hold, and that refuses a wallet.
contract LedgerCampaignAtTheLimits is Campaign {
    function setUp() public {
        WideToken token = new WideToken(address(this));
        LedgerSubject ledger = createSubject(new AttributionLedger(token));
        token.transfer(address(ledger), token.totalSupply());
        ledger.open();
        ledger.refuseOneWallet();
        subject = ledger;
    }

    function invariant_ledgerAtTheLimits() public view {
        _requireUnbroken();
    }
}
