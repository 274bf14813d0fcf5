<?php

namespace Berths;

final class Berth
{
    public function __construct(private string $name, private int $free)
    {
    }

    public function line(): string
    {
        return sprintf('%s: %d free', $this->name, $this->free);
    }
}
