<?php
foreach (json_decode(file_get_contents(getenv('HARBOURS')), true) as $harbour => $berth) {
    printf("%s %s %d\n", $harbour, $berth, adler($berth));
}
