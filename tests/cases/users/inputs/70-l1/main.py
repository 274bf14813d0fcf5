import logging.config

logging.config.fileConfig("logging.ini")
logging.getLogger().warning("x")
