using System.Collections;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Hosting.Transport;

/// <summary>
/// What the layers of a connection tell each other. There are some twenty, for as long as a call lasts: in a row they take less than half of the
/// memory that <see cref="FeatureCollection"/> needs, and are found no later.
/// </summary>
internal sealed class ConnectionFeatures : IFeatureCollection
{
    private const int FirstCapacity = 24;

    // A power of two.
    private const int Places = 64;

    private KeyValuePair<Type, object>[] _features = new KeyValuePair<Type, object>[FirstCapacity];
    private int _count;
    // Where each stands in the row, plus one; by its hash, or at the next free place after that.
    private PlaceTable _places;

    public bool IsReadOnly => false;

    public int Revision { get; private set; }

    public object? this[Type key]
    {
        get => IndexOf(key) is >= 0 and var index ? _features[index].Value : null;
        set
        {
            Revision++;
            var index = IndexOf(key);
            if (value is null)
            {
                Remove(index);
            }
            else if (index >= 0)
            {
                _features[index] = KeyValuePair.Create(key, value);
            }
            else
            {
                Add(key, value);
            }
        }
    }

    public TFeature? Get<TFeature>() => this[typeof(TFeature)] is { } feature ? (TFeature)feature : default;

    public void Set<TFeature>(TFeature? instance) => this[typeof(TFeature)] = instance;

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => _features.Take(_count).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    // The upper bits of a multiplication differ for types that lie side by side.
    private static int Place(Type key) => (int)((ulong)key.TypeHandle.Value * 0x9E3779B97F4A7C15 >> 58);

    private int IndexOf(Type key)
    {
        for (var place = Place(key); _places[place] is > 0 and var entry; place = (place + 1) % Places)
        {
            if (ReferenceEquals(_features[entry - 1].Key, key))
            {
                return entry - 1;
            }
        }

        return -1;
    }

    private void Add(Type key, object value)
    {
        if (_count == Places - 1)
        {
            throw new InvalidOperationException($"A connection has room for {Places - 1} features.");
        }

        if (_count == _features.Length)
        {
            Array.Resize(ref _features, Math.Min(2 * _count, Places - 1));
        }

        _features[_count++] = KeyValuePair.Create(key, value);
        Note(key, _count);
    }

    private void Note(Type key, int entry)
    {
        var place = Place(key);
        while (_places[place] > 0)
        {
            place = (place + 1) % Places;
        }

        _places[place] = (byte)entry;
    }

    private void Remove(int index)
    {
        if (index < 0)
        {
            return;
        }

        _features[index] = _features[--_count];
        _features[_count] = default;
        _places = default;
        for (var i = 0; i < _count; i++)
        {
            Note(_features[i].Key, i + 1);
        }
    }

    [InlineArray(Places)]
    private struct PlaceTable
    {
        private byte _first;
    }
}
