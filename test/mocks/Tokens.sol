// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice A plain token that anybody can mint, with any number of decimals.
contract MockToken is ERC20 {
    uint8 private immutable places;

    constructor(uint8 decimals_) ERC20("Mock", "MOCK") {
        places = decimals_;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function decimals() public view virtual override returns (uint8) {
        return places;
    }
}

/// @notice What a holder of HookToken is told.
interface ITokenHook {
    function onTokens(address from, address to, uint256 amount) external;
}

/// @notice Calls holders that asked for it: the sender before tokens move, the recipient after.
contract HookToken is MockToken(18) {
    mapping(address holder => bool) private hooked;

    function setHook(bool on) external {
        hooked[msg.sender] = on;
    }

    function _update(address from, address to, uint256 amount) internal virtual override {
        if (hooked[from]) ITokenHook(from).onTokens(from, to, amount);
        super._update(from, to, amount);
        if (hooked[to]) ITokenHook(to).onTokens(from, to, amount);
    }
}

/// @notice Burns one percent of every transfer, out of what arrives or on top of what leaves.
contract FeeToken is MockToken(18) {
    bool private immutable onTop;

    constructor(bool onTop_) {
        onTop = onTop_;
    }

    function _update(address from, address to, uint256 amount) internal virtual override {
        super._update(from, to, amount);
        if (from != address(0) && to != address(0)) super._update(onTop ? from : to, address(0), amount / 100);
    }
}

/// @notice Keeps shares of a pool instead of balances: amounts round down, and a rebase changes all of them.
contract RebasingToken {
    uint256 public totalSupply;
    uint256 private totalShares;
    mapping(address holder => uint256) private shares;
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        uint256 added = totalSupply == 0 ? amount : (amount * totalShares) / totalSupply;
        shares[to] += added;
        totalShares += added;
        totalSupply += amount;
    }

    function rebase(uint256 newSupply) external {
        totalSupply = newSupply;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
        return true;
    }

    function balanceOf(address holder) external view returns (uint256) {
        return totalShares == 0 ? 0 : (shares[holder] * totalSupply) / totalShares;
    }

    function _move(address from, address to, uint256 amount) private {
        uint256 moved = (amount * totalShares) / totalSupply;
        shares[from] -= moved;
        shares[to] += moved;
    }
}

/// @notice Says false instead of reverting, and moves nothing then.
contract FalseToken is MockToken(18) {
    bool private failing;

    function setFailing(bool on) external {
        failing = on;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return !failing && super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return !failing && super.transferFrom(from, to, amount);
    }
}

/// @notice Transfers return nothing at all.
contract SilentToken {
    mapping(address holder => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// @notice Moves nothing to or from holders on its list.
contract BlocklistToken is MockToken(18) {
    error Blocked(address holder);

    mapping(address holder => bool) public blocked;

    function setBlocked(address holder, bool on) external {
        blocked[holder] = on;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (blocked[from]) revert Blocked(from);
        if (blocked[to]) revert Blocked(to);
        super._update(from, to, amount);
    }
}
