<?php
require __DIR__ . '/../vendor/autoload.php';

foreach (['north pier' => 4, 'old basin' => 0] as $name => $free) {
    echo (new Berths\Berth($name, $free))->line(), "\n";
}
