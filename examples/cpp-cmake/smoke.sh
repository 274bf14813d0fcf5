printf 123456789 | crcsum
crcsum /nowhere; echo "status $?"
