namespace Berths
{
    public class Harbour
    {
        public string Name { get; set; }

        public int Berths { get; set; }

        public int Taken { get; set; }

        public int Free => Berths - Taken;
    }
}
