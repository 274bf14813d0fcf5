lexicon harbour
lexicon qqq; echo "status $?"
ls /opt/lexicon
